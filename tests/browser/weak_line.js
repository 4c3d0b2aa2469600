// In place of the browser's WebSocket: one that delays, freezes and drops, as `weakLine` is told.
// A drop loses whatever is under way, in both directions, and the page is told of it as of any.

(() => {
  const Real = window.WebSocket;
  const sockets = new Set();
  const line = { delay: 0, frozen: false, held: [], down: false };

  function pass(socket, act) {
    const once = () => { if (!socket.dropped) act(); };
    if (line.frozen) line.held.push(once);
    else if (line.delay) setTimeout(() => (line.frozen ? line.held.push(once) : once()), line.delay);
    else once();
  }

  class WeakSocket extends Real {
    constructor(...given) {
      super(line.down ? `${given[0]}`.replace("/channels", "/nowhere") : given[0], given[1]);
      sockets.add(this);
    }
    send(data) { pass(this, () => { if (this.readyState === Real.OPEN) super.send(data); }); }
    set onmessage(heard) { super.onmessage = (event) => pass(this, () => heard(event)); }
    set onclose(heard) {
      this.tell = heard;
      super.onclose = (event) => { if (!this.dropped) { sockets.delete(this); heard(event); } };
    }
    lose() {
      this.dropped = true;
      super.close();
      if (this.tell) this.tell(new CloseEvent("close", { code: 1006 }));
    }
  }
  window.WebSocket = WeakSocket;

  window.weakLine = {
    delay(milliseconds) { line.delay = milliseconds; },
    freeze() { line.frozen = true; },
    thaw() { line.frozen = false; line.held.splice(0).forEach((act) => act()); },
    cut() { line.down = true; this.drop(); },
    fix() { line.down = false; },
    drop() {
      line.held = [];
      const open = [...sockets];
      sockets.clear();
      open.forEach((socket) => socket.lose());
    },
  };
})();
