/**
 * The border: what the kernel sent, as JSON and buffers, becomes an `Incoming` or a ProtocolError.
 *
 * Invariant: whatever passes holds finite numbers within bounds, one buffer for each thing that has one,
 * with exactly the bytes it declares; typed arrays are aligned and respect the DataView's own range.
 */

import { type Incoming, ProtocolError } from "./protocol";
import type { Info } from "./types";

/** What is known of the recording, to check lengths against; null or undefined before it is known. */
export type InfoGetter = () => Info | null | undefined;

/** Throws ProtocolError. */
export function parseIncoming(
  _message: unknown,
  _buffers: readonly DataView[],
  _info: InfoGetter = () => null,
): Incoming {
  throw new ProtocolError("not yet");
}
