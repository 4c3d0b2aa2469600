// What the user has done on this page and the kernel has not yet: numbered, in order, kept until
// the kernel says that it is done, and sent again where that word does not come.

class Outbox {
  constructor(post) {
    this.page = `${Date.now()}-${Math.random()}`;
    this.post = post;
    this.acts = [];
    this.last = 0;
    this.busy = false; // what was sent is not done: what follows waits, and is merged meanwhile
    this.held = false; // nothing can be sent now
  }

  // A change of a widget's traits; joins the one before, where that is of the same widget and waits.
  change(id, state) {
    const before = this.acts.at(-1);
    if (before && before.id === id && before.state && !before.sendings) {
      Object.assign(before.state, state);
    } else {
      this.add({ id, state: { ...state } });
    }
  }

  // Anything else: a button pressed, a point of a chart clicked.
  event(id, content, buffers) {
    this.add({ id, content, buffers: [...(buffers || [])] });
  }

  add(act) {
    this.last += 1;
    this.acts.push({ ...act, number: this.last, since: performance.now(), sendings: 0 });
    this.send();
  }

  send() {
    if (this.busy || this.held || !this.acts.length) return;
    this.busy = true;
    this.acts.forEach((act) => { act.sendings += 1; });
    this.post(this.page, this.acts.map(packed));
  }

  again() {
    this.busy = false;
    this.send();
  }

  // Leave out what has been sent so often in vain, as what is too big for the server; its number
  // stays, for the kernel counts.
  giveUp(sendings) {
    const [first] = this.acts;
    if (!first || first.sendings < sendings) return false;
    this.acts[0] = { ...first, state: null, content: {}, buffers: [] };
    return true;
  }

  // The kernel is about to do this: what it says from now on knows of it.
  taken(number) {
    this.acts.forEach((act) => { if (act.number <= number) act.taken = true; });
  }

  done(number) {
    this.acts = this.acts.filter((act) => act.number > number);
    this.again();
  }

  // Whether the person has changed this since the kernel's word on it.
  isNewer(id, name) {
    return this.acts.some((act) => !act.taken && act.id === id && act.state && name in act.state);
  }

  get waiting() {
    return this.acts.length ? performance.now() - this.acts[0].since : 0;
  }

  get bytes() {
    return this.acts.flatMap((act) => packed(act).buffers)
      .reduce((sum, buffer) => sum + buffer.byteLength, 0);
  }
}

function packed({ id, number, state, content, buffers }) {
  if (!state) return { id, number, data: { method: "custom", content }, buffers };
  const paths = [];
  const taken = [];
  const rest = withoutBuffers(state, [], paths, taken);
  return { id, number, data: { method: "update", state: rest, buffer_paths: paths }, buffers: taken };
}

function withoutBuffers(value, path, paths, taken) {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    paths.push(path);
    taken.push(value);
    return null;
  }
  if (Array.isArray(value)) {
    return value.map((part, place) => withoutBuffers(part, [...path, place], paths, taken));
  }
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(
    ([name, part]) => [name, withoutBuffers(part, [...path, name], paths, taken)],
  ));
}
