/**
 * The entry: what anywidget calls.
 *
 * Invariant: anywidget evaluates this for each model; `initialize` is synchronous and makes what the
 * model owns, `render` makes what one view owns, and each returns what takes it away again.
 */

import type { AnyWidget } from "@anywidget/types";
import { Session } from "./session";
import { View } from "./view";

const widget: AnyWidget = () => {
  let session: Session | null = null;
  return {
    initialize({ model }) {
      const own = new Session(model);
      session = own;
      return () => own.dispose();
    },
    render({ el }) {
      if (!session) throw new Error("specwidget: rendered before it was initialised");
      const view = new View(session, el);
      return () => view.dispose();
    },
  };
};

export default widget;
