/**
 * What is started here ends with its owner: every listener, timer and observer belongs to a Scope,
 * and disposing it leaves nothing behind.
 *
 * Invariant: each cleanup runs exactly once: when the scope (or one above it) is disposed, in
 * reverse order; or at once, when the scope is disposed already. One that throws stops no other.
 */

export type Cleanup = () => void;

// biome-ignore lint/suspicious/noExplicitAny: anywidget types its callbacks so
type ModelCallback = (...args: any[]) => void;

/** What `observe` needs of a model; anywidget's has it. */
export interface Observable {
  on(event: string, callback: ModelCallback): void;
  off(event: string, callback: ModelCallback): void;
}

type EventMap<T> = T extends Window
  ? WindowEventMap
  : T extends Document
    ? DocumentEventMap
    : T extends HTMLElement
      ? HTMLElementEventMap
      : T extends SVGElement
        ? SVGElementEventMap
        : T extends MediaQueryList
          ? MediaQueryListEventMap
          : Record<string, Event>;

/** Throws after the present call has ended: the host's error reporting hears of it, its loop goes on. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

export class Scope {
  readonly #cleanups = new Set<Cleanup>();
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Number of things that would be ended by `dispose`; for tests of leaks. */
  get size(): number {
    return this.#cleanups.size;
  }

  /** Runs `cleanup` at disposal. The result runs it now instead; calling it again does nothing. */
  add(cleanup: Cleanup): Cleanup {
    const once = () => {
      if (this.#cleanups.delete(once)) cleanup();
    };
    this.#cleanups.add(once);
    if (this.#disposed) once();
    return once;
  }

  listen<T extends EventTarget, K extends keyof EventMap<T> & string>(
    target: T,
    type: K,
    listener: (event: EventMap<T>[K]) => void,
    options?: AddEventListenerOptions,
  ): Cleanup {
    const handle = listener as unknown as (event: Event) => void;
    if (this.#disposed) return () => {};
    target.addEventListener(type, handle, options);
    return this.add(() => target.removeEventListener(type, handle, options));
  }

  /** Listens to an event of a model, such as "change:view" or "msg:custom". */
  observe<A extends unknown[]>(
    model: Observable,
    event: string,
    callback: (...args: A) => void,
  ): Cleanup {
    if (this.#disposed) return () => {};
    model.on(event, callback);
    return this.add(() => model.off(event, callback));
  }

  timeout(callback: () => void, milliseconds: number): Cleanup {
    if (this.#disposed) return () => {};
    const timer = globalThis.setTimeout(() => {
      forget();
      callback();
    }, milliseconds);
    const forget = this.add(() => globalThis.clearTimeout(timer));
    return forget;
  }

  interval(callback: () => void, milliseconds: number): Cleanup {
    if (this.#disposed) return () => {};
    const timer = globalThis.setInterval(callback, milliseconds);
    return this.add(() => globalThis.clearInterval(timer));
  }

  /** Runs `callback` once, with the next animation frame. */
  frame(callback: (time: number) => void): Cleanup {
    if (this.#disposed) return () => {};
    const request = globalThis.requestAnimationFrame((time) => {
      forget();
      callback(time);
    });
    const forget = this.add(() => globalThis.cancelAnimationFrame(request));
    return forget;
  }

  /** Calls back when the size of `target` changes, and once at the start. */
  resize(target: Element, callback: (entry: ResizeObserverEntry) => void): Cleanup {
    if (this.#disposed) return () => {};
    const observer = new ResizeObserver((entries) => {
      const last = entries.at(-1);
      if (last !== undefined) callback(last);
    });
    observer.observe(target);
    return this.add(() => observer.disconnect());
  }

  /** Calls back when `target` comes into sight or leaves it. */
  visibility(target: Element, callback: (visible: boolean) => void): Cleanup {
    if (this.#disposed) return () => {};
    const observer = new IntersectionObserver((entries) => {
      const last = entries.at(-1);
      if (last !== undefined) callback(last.isIntersecting);
    });
    observer.observe(target);
    return this.add(() => observer.disconnect());
  }

  mutations(
    target: Node,
    options: MutationObserverInit,
    callback: (records: readonly MutationRecord[]) => void,
  ): Cleanup {
    if (this.#disposed) return () => {};
    const observer = new MutationObserver(callback);
    observer.observe(target, options);
    return this.add(() => observer.disconnect());
  }

  /** A scope that ends with this one, or before it. */
  child(): Scope {
    const child = new Scope();
    child.add(this.add(() => child.dispose()));
    return child;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const cleanup of [...this.#cleanups].reverse()) {
      try {
        cleanup();
      } catch (error) {
        throwLater(error);
      }
    }
  }
}

/** A list of listeners, each of which belongs to a scope. */
export class Listeners<A extends unknown[]> {
  readonly #listeners = new Set<{ call: (...args: A) => void }>();

  add(listener: (...args: A) => void, scope: Scope): Cleanup {
    const entry = { call: listener };
    this.#listeners.add(entry);
    return scope.add(() => this.#listeners.delete(entry));
  }

  /** Tells every listener; one that throws is reported and stops no other. */
  tell(...args: A): void {
    for (const entry of [...this.#listeners]) {
      if (!this.#listeners.has(entry)) continue;
      try {
        entry.call(...args);
      } catch (error) {
        throwLater(error);
      }
    }
  }
}
