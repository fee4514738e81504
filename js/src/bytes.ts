/** Binary buffers as they arrive. Pure. */

/** The bytes of a view, aligned, in a buffer of their own unless the view has its buffer to itself. */
export function ownBytes(view: DataView): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = view;
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) return buffer;
  const copy = new Uint8Array(byteLength);
  copy.set(new Uint8Array(buffer, byteOffset, byteLength));
  return copy.buffer;
}
