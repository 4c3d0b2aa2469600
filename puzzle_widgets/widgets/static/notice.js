// Says so, over the whole page, while what is shown does not answer what was done last.

const UNSURE = "What is shown does not reflect your last change yet";
const SAID = {
  waiting: `Waiting for the kernel. ${UNSURE}.`,
  late: `The kernel is not responding. ${UNSURE}; if this lasts, reload the page.`,
  asking: "Connected again. The page is being brought up to date.",
  apart: "Not connected. Changes are kept, and take effect once the connection is back; "
    + "if it does not come back, reload the page.",
  refused: "A change did not arrive: page and kernel disagree. Reload the page to start again.",
  ended: "The kernel has ended: nothing is computed anymore. Reload the page, or run the cell again.",
};
const WORST = ["ended", "refused", "apart", "late", "waiting", "asking"];

class Notice {
  constructor() {
    this.troubles = new Map();
    this.element = document.createElement("div");
    this.element.className = "pw-notice";
    this.element.setAttribute("role", "status");
    this.element.hidden = true;
    document.body.append(this.element);
  }

  // The one of a whole window, where several kernels may have their panels.
  static get only() {
    window.puzzleWidgetsNotice ||= new Notice();
    return window.puzzleWidgetsNotice;
  }

  tell(whose, trouble) {
    if (trouble) this.troubles.set(whose, trouble);
    else this.troubles.delete(whose);
    const worst = WORST.find((one) => [...this.troubles.values()].includes(one));
    const text = worst ? SAID[worst] : "";
    this.element.hidden = !worst;
    if (this.element.textContent !== text) this.element.textContent = text;
  }
}
