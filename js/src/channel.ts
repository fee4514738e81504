/**
 * The one connection between front end and kernel, or a stand-in for it. Belongs to the model.
 *
 * Invariant: one msg:custom listener; every request ends exactly once: with its answer, with a
 * KernelError or with a DisconnectedError. There are no time-outs: a silent kernel is a busy one.
 * What cannot be parsed reaches no listener but `onProblem`, and throws into nobody.
 */

import { parseIncoming } from "./parse";
import {
  ANSWER_TYPES,
  type Answers,
  answers,
  envelope,
  hello,
  type Incoming,
  type IncomingOf,
  isLast,
  type Outgoing,
  ProtocolError,
  ping,
  type Request,
  type RequestType,
} from "./protocol";
import { Pulse } from "./pulse";
import { Listeners, type Observable, type Scope, throwLater } from "./scope";
import type { Info } from "./types";

export type ConnectionState = "connected" | "disconnected";

/** The kernel answered a request with an error, or in a way that cannot be read ("bad-answer"). */
export class KernelError extends Error {
  override readonly name = "KernelError";
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

export const BAD_ANSWER = "bad-answer";

/** The request could not be sent, or its answer cannot come any more. */
export class DisconnectedError extends Error {
  override readonly name = "DisconnectedError";
}

export interface RequestOptions {
  /** From `newId`, for who must know it before the answer comes. */
  readonly id?: string;
  /** Each message of an answer in several; the last one also resolves the promise. */
  readonly onPart?: (part: IncomingOf<"tile.data">) => void;
}

export interface Channel {
  readonly state: ConnectionState;
  onState(listener: (state: ConnectionState) => void, scope: Scope): void;

  /** Whether requests are out that the kernel does not take up, because it runs something else. */
  readonly busy: boolean;
  onBusy(listener: (busy: boolean) => void, scope: Scope): void;

  /** Number of requests without an answer. */
  readonly waiting: number;

  /** An id that no other page has. */
  newId(): string;
  request<T extends RequestType>(
    message: Outgoing[T] & { readonly type: T },
    options?: RequestOptions,
  ): Promise<Answers[T]>;
  /** A request whose answer interests nobody; its failure does neither. */
  notify(message: Request): void;

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

export interface ChannelOptions {
  /** Milliseconds of silence, with requests out, before the kernel is asked whether it is busy. */
  readonly busyAfter?: number;
}

interface Waiting {
  readonly message: Request;
  /** In the order of all that was sent. */
  readonly place: number;
  readonly onPart: RequestOptions["onPart"];
  readonly resolve: (answer: Incoming) => void;
  readonly reject: (error: Error) => void;
}

type ByType = { [T in Incoming["type"]]?: Listeners<[IncomingOf<T>]> };

/** Asked twice, these are answered twice, and nothing else happens. */
const REPEATABLE: ReadonlySet<RequestType> = new Set([
  "hello",
  "tiles.get",
  "audio.get",
  "value.get",
]);

/** Eight random characters, so that no two pages use the same ids. */
function nonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join("");
}

class ModelChannel implements Channel {
  readonly #model: ChannelModel;
  readonly #pulse: Pulse;
  readonly #nonce = nonce();
  readonly #waiting = new Map<string, Waiting>();
  readonly #byType: ByType = {};
  readonly #stateListeners = new Listeners<[ConnectionState]>();
  readonly #busyListeners = new Listeners<[boolean]>();
  readonly #problemListeners = new Listeners<[ProtocolError]>();
  #count = 0;
  #places = 0;
  /** Pings that are out, with their places. */
  readonly #pings = new Map<string, number>();
  #pinged = false;
  #state: ConnectionState = "connected";
  #closed = false;

  constructor(model: ChannelModel, scope: Scope, busyAfter: number) {
    this.#model = model;
    this.#pulse = new Pulse(scope, {
      after: busyAfter,
      ping: () => this.#sendPing(),
      changed: (busy) => this.#busyListeners.tell(busy),
    });
    scope.observe(model, "msg:custom", (content: unknown, buffers?: readonly DataView[]) =>
      this.#receive(content, buffers ?? []),
    );
    // ipywidgets tells that the kernel has gone or come back, but not which: sending shows it.
    scope.observe(model, "comm_live_update", () => this.notify(hello()));
    scope.observe(model, "comm:close", () => this.#close());
    scope.add(() => this.#close());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get busy(): boolean {
    return this.#pulse.busy;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  onState(listener: (state: ConnectionState) => void, scope: Scope): void {
    this.#stateListeners.add(listener, scope);
  }

  onBusy(listener: (busy: boolean) => void, scope: Scope): void {
    this.#busyListeners.add(listener, scope);
  }

  onProblem(listener: (problem: ProtocolError) => void, scope: Scope): void {
    this.#problemListeners.add(listener, scope);
  }

  on<T extends Incoming["type"]>(
    type: T,
    listener: (message: IncomingOf<T>) => void,
    scope: Scope,
  ): void {
    this.#listeners(type).add(listener, scope);
  }

  newId(): string {
    this.#count += 1;
    return `${this.#nonce}-${this.#count}`;
  }

  request<T extends RequestType>(
    message: Outgoing[T] & { readonly type: T },
    { id = this.newId(), onPart }: RequestOptions = {},
  ): Promise<Answers[T]> {
    const answer = new Promise<Incoming>((resolve, reject) => {
      if (this.#closed) {
        reject(new DisconnectedError("the widget is closed"));
        return;
      }
      const place = this.#nextPlace();
      this.#waiting.set(id, { message, place, onPart, resolve, reject });
      if (this.#waiting.size === 1) this.#pulse.wait();
      this.#send(message, id);
    });
    return answer as Promise<Answers[T]>;
  }

  notify(message: Request): void {
    this.request(message).catch(() => {});
  }

  #send(message: Request, id: string): void {
    try {
      this.#model.send(envelope(message, id));
    } catch (error) {
      this.#disconnect(`the kernel cannot be reached: ${error}`);
    }
  }

  // What comes in ---------------------------------------------------------------------------------

  #receive(content: unknown, buffers: readonly DataView[]): void {
    if (!this.#closed) this.#setState("connected");
    let message: Incoming;
    try {
      message = parseIncoming(content, buffers, () => this.#model.get("_info"));
    } catch (error) {
      if (error instanceof ProtocolError) this.#problem(error);
      else throwLater(error);
      return;
    }
    this.#listeners(message.type).tell(message as never);
    this.#answer(message);
  }

  /** Ends the request that a message answers, if it is this page's own. */
  #answer(message: Incoming): void {
    const id = answers(message);
    const ping = id === null ? undefined : this.#pings.get(id);
    if (ping !== undefined) return this.#pong(ping);
    const waiting = id === null ? undefined : this.#waiting.get(id);
    if (id === null || waiting === undefined) return;
    this.#pulse.answered(waiting.place);
    if (message.type === "error") {
      this.#end(id, (w) => w.reject(new KernelError(message.message, message.code)));
    } else if (!ANSWER_TYPES[waiting.message.type].includes(message.type)) {
      const text = `${message.type} is no answer to ${waiting.message.type}`;
      this.#problem(new ProtocolError(text, "bad-message", id));
    } else {
      if (message.type === "tile.data") this.#part(waiting, message);
      if (isLast(message)) this.#end(id, (w) => w.resolve(message));
    }
  }

  #part(waiting: Waiting, message: IncomingOf<"tile.data">): void {
    try {
      waiting.onPart?.(message);
    } catch (error) {
      throwLater(error);
    }
  }

  #problem(problem: ProtocolError): void {
    this.#problemListeners.tell(problem);
    if (problem.id === null) return;
    const error = new KernelError(
      `the kernel's answer cannot be read: ${problem.message}`,
      BAD_ANSWER,
    );
    this.#end(problem.id, ({ reject }) => reject(error));
  }

  #end(id: string, settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#rest();
    settle(waiting);
  }

  #listeners<T extends Incoming["type"]>(type: T): Listeners<[IncomingOf<T>]> {
    const byType = this.#byType as { [K in T]?: Listeners<[IncomingOf<T>]> };
    byType[type] ??= new Listeners<[IncomingOf<T>]>();
    return byType[type];
  }

  // The kernel is silent, or gone -------------------------------------------------------------------

  #nextPlace(): number {
    this.#places += 1;
    return this.#places;
  }

  #sendPing(): number | null {
    const id = this.newId();
    const place = this.#nextPlace();
    this.#pings.set(id, place);
    this.#send(ping(), id);
    return this.#pings.has(id) ? place : null;
  }

  /**
   * While a cell runs, JupyterLab has comms answered on another thread of the kernel, which it
   * starts when the widget does. What was sent before that waits for the end of the cell: the first
   * pong shows that there is another way, and what can be asked twice takes it.
   */
  #pong(place: number): void {
    this.#pings.clear();
    this.#pulse.answered(place);
    if (this.#pinged) return;
    this.#pinged = true;
    for (const [id, { message, place: before }] of this.#waiting) {
      if (before < place && REPEATABLE.has(message.type)) this.#send(message, id);
    }
  }

  #rest(): void {
    this.#pings.clear();
    this.#pulse.rest();
  }

  #disconnect(reason: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#rest();
    this.#setState("disconnected");
    for (const { reject } of waiting) reject(new DisconnectedError(reason));
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#disconnect("the widget is closed");
  }

  #setState(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#stateListeners.tell(state);
  }
}

export function modelChannel(
  model: ChannelModel,
  scope: Scope,
  { busyAfter = 250 }: ChannelOptions = {},
): Channel {
  return new ModelChannel(model, scope, busyAfter);
}
