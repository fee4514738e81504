/**
 * The one connection between front end and kernel, or a stand-in for it. Belongs to the model.
 *
 * Invariant: one msg:custom listener; every request ends exactly once: with its answer, with a
 * KernelError, or with a DisconnectedError. There are no time-outs: a silent kernel is a busy one.
 * What cannot be parsed reaches no listener but `onProblem`, and throws into nobody.
 */

import type {
  Answers,
  Incoming,
  IncomingOf,
  Outgoing,
  ProtocolError,
  RequestType,
} from "./protocol";
import type { Observable, Scope } from "./scope";
import type { Info } from "./types";

export type ConnectionState = "connected" | "disconnected";

/** The kernel answered a request with an error. */
export class KernelError extends Error {
  override readonly name = "KernelError";
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** The request could not be sent, or its answer cannot come any more. */
export class DisconnectedError extends Error {
  override readonly name = "DisconnectedError";
}

export interface RequestOptions {
  /** From `newId`, for who must know it before the answer comes. */
  readonly id?: string;
  /** Parts of an answer in several messages; the last one resolves the promise. */
  readonly onPart?: (part: Incoming) => void;
}

export interface Channel {
  readonly state: ConnectionState;
  onState(listener: (state: ConnectionState) => void, scope: Scope): void;

  /** Whether requests are out and nothing has been heard for a while. */
  readonly busy: boolean;
  onBusy(listener: (busy: boolean) => void, scope: Scope): void;

  /** Number of requests without an answer. */
  readonly waiting: number;

  /** An id that no other page has. */
  newId(): string;
  request<T extends RequestType>(
    message: Outgoing[T],
    options?: RequestOptions,
  ): Promise<Answers[T]>;
  /** A request whose answer interests nobody; its failure does neither. */
  notify(message: Outgoing[RequestType]): void;

  /** Hears every valid message of a type, whoever asked for it, before the request's own promise. */
  on<T extends Incoming["type"]>(
    type: T,
    listener: (message: IncomingOf<T>) => void,
    scope: Scope,
  ): void;
  onProblem(listener: (problem: ProtocolError) => void, scope: Scope): void;
}

/** What the channel needs of anywidget's model; an exported page brings a stand-in. */
export interface ChannelModel extends Observable {
  get(name: "_info"): Info | null | undefined;
  send(content: unknown): void;
}

export declare function modelChannel(model: ChannelModel, scope: Scope): Channel;
