import { afterEach, describe, expect, it, vi } from "vitest";
import { Listeners, type Observable, Scope } from "./scope";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A model that counts its listeners. */
function fakeModel(): Observable & { readonly callbacks: Set<unknown> } {
  const callbacks = new Set<unknown>();
  return {
    callbacks,
    on: (_event, callback) => callbacks.add(callback),
    off: (_event, callback) => callbacks.delete(callback),
  };
}

describe("Scope", () => {
  it("ends everything that was begun, the last first, and once", () => {
    const scope = new Scope();
    const order: string[] = [];
    scope.add(() => order.push("first"));
    scope.add(() => order.push("second"));
    scope.dispose();
    scope.dispose();
    expect(order).toEqual(["second", "first"]);
    expect(scope.size).toBe(0);
    expect(scope.disposed).toBe(true);
  });

  it("ends one thing early, and not again", () => {
    const scope = new Scope();
    const ended = vi.fn();
    const end = scope.add(ended);
    end();
    end();
    scope.dispose();
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it("ends at once what is begun too late, and begins no listener or timer at all", () => {
    vi.useFakeTimers();
    const scope = new Scope();
    scope.dispose();
    const ended = vi.fn();
    scope.add(ended);
    expect(ended).toHaveBeenCalledTimes(1);
    const target = new EventTarget();
    const model = fakeModel();
    const called = vi.fn();
    scope.listen(target, "go", called);
    scope.observe(model, "change:view", called);
    scope.timeout(called, 1);
    scope.interval(called, 1);
    scope.child().timeout(called, 1);
    target.dispatchEvent(new Event("go"));
    expect(model.callbacks.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(called).not.toHaveBeenCalled();
    expect(scope.size).toBe(0);
  });

  it("takes off listeners of targets and models", () => {
    const scope = new Scope();
    const target = new EventTarget();
    const model = fakeModel();
    const called = vi.fn();
    scope.listen(target, "go", called);
    scope.observe(model, "change:view", called);
    target.dispatchEvent(new Event("go"));
    expect(called).toHaveBeenCalledTimes(1);
    expect(model.callbacks.size).toBe(1);
    scope.dispose();
    target.dispatchEvent(new Event("go"));
    expect(called).toHaveBeenCalledTimes(1);
    expect(model.callbacks.size).toBe(0);
  });

  it("takes off a capturing listener as a capturing one", () => {
    const scope = new Scope();
    const target = new EventTarget();
    const called = vi.fn();
    scope.listen(target, "go", called, { capture: true });
    scope.dispose();
    target.dispatchEvent(new Event("go"));
    expect(called).not.toHaveBeenCalled();
  });

  it("ends timers, and forgets those that have rung", () => {
    vi.useFakeTimers();
    const scope = new Scope();
    const rung = vi.fn();
    const ticked = vi.fn();
    scope.timeout(rung, 10);
    scope.timeout(rung, 1000);
    scope.interval(ticked, 10);
    vi.advanceTimersByTime(25);
    expect(rung).toHaveBeenCalledTimes(1);
    expect(ticked).toHaveBeenCalledTimes(2);
    expect(scope.size).toBe(2);
    scope.dispose();
    vi.advanceTimersByTime(5000);
    expect(rung).toHaveBeenCalledTimes(1);
    expect(ticked).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("takes back a frame", () => {
    const frames = new Map<number, (time: number) => void>();
    vi.stubGlobal("requestAnimationFrame", (callback: (time: number) => void) => {
      frames.set(frames.size + 1, callback);
      return frames.size;
    });
    vi.stubGlobal("cancelAnimationFrame", (id: number) => frames.delete(id));
    const scope = new Scope();
    const drawn = vi.fn();
    scope.frame(drawn);
    frames.get(1)!(16);
    expect(drawn).toHaveBeenCalledWith(16);
    frames.clear();
    scope.frame(drawn);
    scope.dispose();
    expect(frames.size).toBe(0);
  });

  it("disconnects observers", () => {
    const alive = new Set<object>();
    class FakeObserver {
      observe() {
        alive.add(this);
      }
      disconnect() {
        alive.delete(this);
      }
    }
    for (const name of ["ResizeObserver", "IntersectionObserver", "MutationObserver"]) {
      vi.stubGlobal(name, FakeObserver);
    }
    const scope = new Scope();
    const target = {} as Element;
    scope.resize(target, () => {});
    scope.visibility(target, () => {});
    scope.mutations(target, {}, () => {});
    expect(alive.size).toBe(3);
    scope.dispose();
    expect(alive.size).toBe(0);
  });

  it("ends its children and theirs, and forgets those that ended by themselves", () => {
    const parent = new Scope();
    const ended: string[] = [];
    const child = parent.child();
    child.add(() => ended.push("child"));
    child.child().add(() => ended.push("grandchild"));
    const brief = parent.child();
    brief.add(() => ended.push("brief"));
    brief.dispose();
    expect(ended).toEqual(["brief"]);
    expect(parent.size).toBe(1);
    parent.dispose();
    parent.dispose();
    expect(ended).toEqual(["brief", "grandchild", "child"]);
    expect(child.disposed).toBe(true);
    expect(child.size + parent.size).toBe(0);
  });

  it("ends the rest when one end throws, and reports it", () => {
    const later: (() => void)[] = [];
    vi.stubGlobal("queueMicrotask", (callback: () => void) => later.push(callback));
    const scope = new Scope();
    const ended = vi.fn();
    scope.add(ended);
    scope.add(() => {
      throw new Error("broken");
    });
    scope.dispose();
    expect(ended).toHaveBeenCalledTimes(1);
    expect(later).toHaveLength(1);
    expect(later[0]).toThrow("broken");
  });
});

describe("Listeners", () => {
  it("tells each until its scope ends, also when one throws or leaves meanwhile", () => {
    const later: (() => void)[] = [];
    vi.stubGlobal("queueMicrotask", (callback: () => void) => later.push(callback));
    const listeners = new Listeners<[number]>();
    const [a, b] = [new Scope(), new Scope()];
    const heard: string[] = [];
    listeners.add((n) => {
      heard.push(`a${n}`);
      a.dispose();
      throw new Error("broken");
    }, a);
    listeners.add((n) => heard.push(`b${n}`), b);
    listeners.tell(1);
    listeners.tell(2);
    b.dispose();
    listeners.tell(3);
    expect(heard).toEqual(["a1", "b1", "b2"]);
    expect(later).toHaveLength(1);
  });

  it("does not tell one that an earlier one has just ended", () => {
    const listeners = new Listeners<[]>();
    const [a, b] = [new Scope(), new Scope()];
    const heard = vi.fn();
    listeners.add(() => b.dispose(), a);
    listeners.add(heard, b);
    listeners.tell();
    expect(heard).not.toHaveBeenCalled();
  });

  it("keeps the same function apart when it is added twice", () => {
    const listeners = new Listeners<[]>();
    const scope = new Scope();
    const heard = vi.fn();
    const end = listeners.add(heard, scope);
    listeners.add(heard, scope);
    end();
    listeners.tell();
    expect(heard).toHaveBeenCalledTimes(1);
  });
});
