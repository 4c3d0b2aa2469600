// Between this page and the kernel: what the user does arrives there, once and in order, whatever
// becomes of the connection; after a drop the kernel tells the page all it holds.

const SOON_MS = 1000;
const LATE_MS = 20000;
const AGAIN_MS = 4000;
const MOST_AGAIN_MS = 60000;
const RECONNECT_MS = 5000;
const RESTORE_MS = 5000;
const MOST_BYTES_AGAIN = 2e6; // without a sign that they were lost
const TOO_BIG_BYTES = 8e6; // for some servers, which then close the connection
const MOST_SENDINGS = 3;
const LOST = ["restarting", "autorestarting", "terminating", "dead"]; // of a kernel: its memory goes

class Page {
  constructor(link, manager) {
    this.link = link;
    this.kernel = manager.kernel;
    this.models = new Models(manager);
    this.outbox = new Outbox((page, acts) => this.post({ page, acts }));
    this.outbox.held = this.kernel.connectionStatus !== "connected";
    this.patience = AGAIN_MS;
    this.setting = null;
    this.editing = null;
    this.asked = 0;
    this.met = new WeakSet();
    this.apart = 0;
    this.follow(manager);
    this.watchKernel();
    link.comm.on_msg((message) => this.heard(message.content.data));
    this.timer = setInterval(() => this.look(), 250);
    link.once("destroy", () => this.close());
  }

  carries(model) {
    return model !== this.link && !this.isOutlived && this.models.has(model);
  }

  change(model, state) {
    const rounded = this.setting && this.setting.model === model ? this.setting.state : {};
    // A control that rounds what the kernel sets sends that back: nothing that the user did.
    const wanted = Object.fromEntries(Object.entries(state).filter(([name]) => !(name in rounded)));
    if (Object.keys(wanted).length) this.outbox.change(model.model_id, wanted);
  }

  event(model, content, buffers) {
    this.outbox.event(model.model_id, content, buffers);
  }

  hear(model, state, set) {
    // What a widget manager restores was the kernel's some time ago, and is asked for again.
    if (this.isRestoring && "_model_name" in state && this.models.ours.has(model)) return;
    const kept = Object.entries(state).filter(([name, value]) => (
      !this.outbox.isNewer(model.model_id, name) && !this.isTyping(model, name, value)
    ));
    const before = this.setting;
    this.setting = { model, state };
    try { set(Object.fromEntries(kept)); } finally { this.setting = before; }
  }

  // Words that are being typed stay; what the kernel said meanwhile comes once they are left as
  // they were.
  isTyping(model, name, value) {
    const here = this.editing;
    if (!here || here.model !== model || name !== "value" || !here.typed) return false;
    here.missed = { value };
    return true;
  }

  async startTyping(element) {
    this.editing = null;
    for (const model of this.models.known) {
      for (const view of Object.values(model.views || {})) {
        if ((await view).textbox === element) this.editing = { model, element, typed: false };
      }
    }
  }

  stopTyping() {
    const left = this.editing;
    this.editing = null;
    if (left && left.missed) left.model.set_state(left.missed);
  }

  post(content) {
    const acts = (content.acts || []).map(({ buffers, ...act }) => (
      { ...act, buffers: buffers.length }
    ));
    const buffers = (content.acts || []).flatMap((act) => act.buffers);
    try {
      this.link.comm.send({ method: "custom", content: { ...content, acts } }, {}, {}, buffers);
    } catch {
      this.unsendable = true; // as to a kernel that has been restarted
    }
    this.sent = performance.now();
  }

  heard({ method, content }) {
    if (method !== "custom" || content.page !== this.outbox.page) return;
    this.patience = AGAIN_MS;
    if ("taken" in content) this.outbox.taken(content.taken);
    if ("done" in content) this.outbox.done(content.done);
    if (content.again) this.ask(); // a word was lost: others may have been
    if (content.refused) this.refused = true;
    if (content.telling) this.models.ours.forEach(hearAgain);
    if ("told" in content) this.told(content);
  }

  ask() {
    this.models.look();
    this.asked ||= performance.now();
    this.askFor([...this.models.ours]);
  }

  askFor(models) {
    models.forEach((one) => this.met.add(one));
    const widgets = models.filter((one) => one !== this.link).map((one) => one.model_id);
    if (widgets.length) this.post({ page: this.outbox.page, ask: widgets });
  }

  // What the kernel set while a widget was being made here found none, and is lost: once no more
  // are made for a moment, the kernel is asked what the new ones hold.
  catchUp() {
    const { size } = this.models.known;
    if (size !== this.size) Object.assign(this, { size, grown: performance.now(), isCaughtUp: false });
    if (this.isCaughtUp || this.asked || performance.now() - this.grown < SOON_MS) return;
    this.isCaughtUp = true;
    this.models.look();
    this.askFor([...this.models.ours].filter((one) => !this.met.has(one)));
  }

  told({ gone }) {
    this.asked = 0;
    this.models.known.forEach((model) => {
      if (gone.includes(model.model_id)) model._handle_comm_closed();
    });
  }

  follow(manager) {
    const restore = manager.restoreWidgets;
    this.restoring = Promise.resolve();
    if (restore) {
      manager.restoreWidgets = (...given) => {
        this.isRestoring = true;
        const restoring = restore.apply(manager, given)
          .finally(() => { if (this.restoring === restoring) this.isRestoring = false; });
        return (this.restoring = restoring);
      };
    }
    this.onConnection = (_, status) => {
      if (status === "connected") {
        this.resume();
      } else {
        this.outbox.held = true;
        manager._kernelRestoreInProgress = false; // one that was cut off would bar all others
      }
    };
    this.kernel.connectionStatusChanged.connect(this.onConnection);
  }

  // A kernel that another page restarts, or a script, tells this one nothing but its status, and
  // that by messages of another session: then it is asked whether it knows this page's widgets.
  watchKernel() {
    this.onStatus = (_, status) => { if (LOST.includes(status)) this.lose(); };
    this.onMessage = (_, { header }) => {
      const isOther = this.session && header.session !== this.session;
      this.session = header.session;
      if (isOther) this.askWhetherKnown();
    };
    this.kernel.statusChanged.connect(this.onStatus);
    this.kernel.iopubMessage?.connect(this.onMessage);
  }

  lose() {
    this.isLost = true;
    this.look();
  }

  async askWhetherKnown() {
    try {
      const { content } = await this.kernel.requestCommInfo({});
      if (content.status === "ok" && !(this.link.comm.comm_id in content.comms)) this.lose();
    } catch { /* not connected: asked again once it is */ }
  }

  // What was not done goes first; once the widget manager has restored what it lost (it alone can
  // make widgets that this page does not know), the kernel is asked for everything.
  async resume() {
    this.models.look();
    this.models.ours.forEach((model) => unstick(model, this));
    this.outbox.held = false;
    this.askWhetherKnown();
    if (this.outbox.bytes >= TOO_BIG_BYTES) this.refused ||= this.outbox.giveUp(MOST_SENDINGS);
    this.outbox.again();
    this.asked = performance.now();
    const { restoring } = this;
    const late = new Promise((done) => { setTimeout(done, RESTORE_MS, "late"); });
    if (await Promise.race([restoring, late]) === "late") restoring.then(() => this.ask());
    this.ask();
  }

  // The kernel has been restarted: what it holds now is not this page's.
  get isOutlived() {
    return !this.isDead && Boolean(this.isLost || !this.link.comm_live || this.unsendable);
  }

  get isDead() {
    const isGone = document.body.classList.contains("pzw-has-ended"); // as the app's page found
    return isGone || this.kernel.isDisposed || this.kernel.status === "dead";
  }

  get hasEnded() {
    return this.isDead || this.isOutlived;
  }

  get trouble() {
    if (this.hasEnded) return "ended";
    if (this.refused) return "refused";
    if (this.apart && performance.now() - this.apart > SOON_MS) return "apart";
    const { waiting } = this.outbox;
    const asking = this.asked ? performance.now() - this.asked : 0;
    if (Math.max(waiting, asking) > LATE_MS) return "late";
    if (waiting > SOON_MS) return "waiting";
    return asking > SOON_MS ? "asking" : null;
  }

  look() {
    const connected = this.kernel.connectionStatus === "connected";
    this.apart = connected ? 0 : this.apart || performance.now();
    if (connected) {
      this.sendAgain();
      this.catchUp();
    } else if (this.kernel.connectionStatus === "disconnected") this.reconnect();
    const { trouble } = this;
    if (trouble || this.shown) this.show(trouble);
  }

  sendAgain() {
    const waiting = this.outbox.waiting || this.asked;
    if (!waiting || this.outbox.held || performance.now() - this.sent < this.patience) return;
    this.patience = Math.min(2 * this.patience, MOST_AGAIN_MS);
    if (this.asked) this.ask();
    if (this.outbox.waiting && this.outbox.bytes < MOST_BYTES_AGAIN) this.outbox.again();
  }

  // The kernel's connection gives up after some minutes, and at once where its server says goodbye.
  reconnect() {
    const now = performance.now();
    if (this.hasEnded || now - (this.tried || 0) < RECONNECT_MS) return;
    this.tried = now;
    this.kernel.reconnect().catch(() => {});
  }

  async show(trouble) {
    this.shown = trouble;
    const views = this.models.roots.flatMap((model) => Object.values(model.views || {}));
    const panels = (await Promise.all(views)).map((view) => view.el).filter((el) => el.isConnected);
    if (this.shown !== trouble) return;
    Notice.only.tell(this, panels.length && !this.closed ? trouble : null);
    panels.forEach((panel) => {
      panel.classList.toggle("pw-unsure", Boolean(trouble));
      panel.classList.toggle("pw-ended", trouble === "ended");
      if (trouble === "ended") disable(panel);
    });
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    this.kernel.connectionStatusChanged.disconnect(this.onConnection);
    this.kernel.statusChanged.disconnect(this.onStatus);
    this.kernel.iopubMessage?.disconnect(this.onMessage);
    Notice.only.tell(this, null);
  }
}

function disable(panel) {
  panel.querySelectorAll("button, input, select").forEach((control) => { control.disabled = true; });
  panel.querySelectorAll(".noUi-target").forEach((slider) => slider.setAttribute("disabled", true));
}

function watchTyping(pages) {
  const ours = ({ target }) => target.matches && target.matches(".pw-ui input[type=text]");
  document.addEventListener("focusin", (event) => {
    if (ours(event)) pages.forEach((page) => page.startTyping(event.target));
  });
  document.addEventListener("input", (event) => pages.forEach(({ editing }) => {
    if (editing && editing.element === event.target) editing.typed = true;
  }), true);
  document.addEventListener("change", (event) => pages.forEach(({ editing }) => {
    if (editing && editing.element === event.target) Object.assign(editing, { typed: false, missed: null });
  }), true);
  document.addEventListener("focusout", (event) => pages.forEach((page) => {
    if (page.editing && page.editing.element === event.target) page.stopTyping();
  }));
}

// All pages of the window, by their widget manager: a script may be loaded more than once.
function pagesOfWindow() {
  if (!window.puzzleWidgetsPages) {
    window.puzzleWidgetsPages = new Map();
    watchTyping(window.puzzleWidgetsPages);
  }
  return window.puzzleWidgetsPages;
}

function canLead(manager) {
  return manager && manager._models && manager.register_model && manager.kernel
    && manager.kernel.connectionStatusChanged && manager.kernel.statusChanged;
}

async function start(model) {
  const manager = model.widget_manager;
  if (!canLead(manager)) return;
  const link = await manager.get_model(model.get("link_id"));
  const pages = pagesOfWindow();
  if (!leadThroughPages(link, pages)) return;
  pages.get(manager)?.close(); // of a kernel that has been restarted since
  const page = new Page(link, manager);
  pages.set(manager, page);
  link.once("destroy", () => { if (pages.get(manager) === page) pages.delete(manager); });
}

export default {
  initialize({ model }) { start(model); },
  render({ el }) { el.style.display = "none"; },
};
