// Leads what our widgets send through the outbox, and keeps what the kernel says of a trait from
// undoing what the person has done to it since. Works on ipywidgets' own models, of which there is
// no public way to do so; where they are not as expected, everything stays as ipywidgets does it.

const OUR_CLASSES = ["pw-ui", "pw-explorer"];
const LOOK_AGAIN_MS = 500;

class Models {
  constructor(manager) {
    this.manager = manager;
    this.known = new Set();
    this.ours = new Set();
    this.looked = -Infinity;
    const register = manager.register_model;
    manager.register_model = (id, promise) => {
      register.call(manager, id, promise);
      this.learn(promise);
    };
    Object.values(manager._models).forEach((promise) => this.learn(promise));
  }

  learn(promise) {
    promise.then((model) => {
      this.known.add(model);
      model.once("destroy", () => { this.known.delete(model); this.ours.delete(model); });
    }, () => {});
  }

  get roots() {
    return [...this.known].filter((model) => {
      const classes = model.get("_dom_classes");
      return Array.isArray(classes) && OUR_CLASSES.some((name) => classes.includes(name));
    });
  }

  has(model) {
    if (!this.ours.has(model) && performance.now() - this.looked > LOOK_AGAIN_MS) this.look();
    return this.ours.has(model);
  }

  // All that our panels hold, directly or in one another: boxes, charts, marks, scales.
  look() {
    this.looked = performance.now();
    this.ours = new Set();
    const waiting = this.roots;
    while (waiting.length) {
      const model = waiting.pop();
      if (this.ours.has(model)) continue;
      this.ours.add(model);
      Object.values(model.attributes).forEach((value) => waiting.push(...modelsIn(value)));
    }
  }
}

function modelsIn(value) {
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return [];
  if (value.widget_manager && value.attributes) return [value];
  const parts = Array.isArray(value) ? value : Object.getPrototypeOf(value) === Object.prototype
    ? Object.values(value) : [];
  return parts.filter((part) => part && part.widget_manager && part.attributes);
}

// Once for all models of a window; those without one of our pages keep their ways.
function leadThroughPages(model, pages) {
  let models = model;
  while (models && !Object.hasOwn(models, "send_sync_message")) {
    models = Object.getPrototypeOf(models);
  }
  if (!models || models.puzzleWidgets) return Boolean(models);
  models.puzzleWidgets = true;
  const { send, send_sync_message: sync, rememberLastUpdateFor: remember, set_state: set } = models;
  const pageOf = (one) => {
    const page = pages.get(one.widget_manager);
    return page && page.carries(one) ? page : null;
  };
  Object.assign(models, {
    send(content, callbacks, buffers) {
      const page = pageOf(this);
      if (page) page.event(this, content, buffers);
      else send.call(this, content, callbacks, buffers);
    },
    send_sync_message(state, callbacks) {
      const page = pageOf(this);
      if (!page) return sync.call(this, state, callbacks);
      page.change(this, state);
      return "";
    },
    rememberLastUpdateFor(message) {
      if (pageOf(this)) this._attrsToUpdate = new Set(); // the page itself knows what is newer
      else remember.call(this, message);
    },
    set_state(state) {
      const page = pages.get(this.widget_manager);
      if (page) page.hear(this, state, (kept) => set.call(this, kept));
      else set.call(this, state);
    },
  });
  return true;
}

// What waits for the word on a message that was lost would wait for ever.
function unstick(model, page) {
  const waiting = model._msg_buffer;
  model._pending_msgs = 0;
  model._msg_buffer = null;
  if (waiting) page.change(model, waiting);
}

// A model that could not take one update, as when a widget in it was not known, takes no other.
function hearAgain(model) {
  model.state_change = model.state_change.catch(() => {});
}
