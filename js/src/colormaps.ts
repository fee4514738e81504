const todo = (): never => {
  throw new Error("not yet");
};

/** All names that colormap() takes, the reversed ones ("viridis_r") included. */
export const colormapNames: readonly string[] = [];
/** 256 RGB triples. An unknown name gives viridis. */
export function colormap(_name: string): Uint8Array {
  return todo();
}
