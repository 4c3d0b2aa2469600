// The exact search in a page or a worker, by the kernel.wasm beside this file.
//
//   import { load } from "./kernel.js";
//   const kernel = await load();
//   const answer = await kernel.solve({
//     layers: [2, 2],                       // how many variants each layer has
//     score: [0, 1, 0, 3],                  // of each variant, layer by layer; the sum is made least
//     cost: [[9, 5, 9, 5]],                 // rows: of each variant
//     upper: [14],                          // of each row; also lower; null is none
//     allowed: [true, true, true, true],    // which variants may be taken; all, if left out
//     ties: [[9, 5, 9, 5]],                 // sums made least in turn where scores are equal; or none
//   });                                     // answer.choice is [1, 2], answer.status "optimal"
//
// Arrays may be typed ones, and those of rows flat. Work is done in pieces of some milliseconds,
// between which the page goes on: it can show a better answer, or cancel. Several searches may be
// under way. A page with a content security policy has to allow 'wasm-unsafe-eval'.

// The numbering of source/api.h, search.h and task.h.
const PLACES = [
  "start", "score", "cost", "lower", "upper", "allowed", "ties", "prices", "warm", "choice",
  "answer", "control",
];
const ANSWERS = ["status", "score", "bound", "ties", "news", "states", "nodes", "work"];
const WANTS = ["work", "gap", "states", "flags", "jobs", "kinds", "level"];
const FLAGS = { WARM_PRICES: 1, WARM_CHOICE: 2, WITH_TIES: 8 };
const STATUS = ["no_solution_in_time", "optimal", "feasible", "infeasible", "no_solution_in_time"];
const TIES = ["none", "settled", "unproven"];

const STATES = 60000;
const [PIECE_MS, FIRST_WORK, LEAST_WORK, MOST_WORK] = [8, 2e5, 1e4, 1e9];
const TOLD_MS = 500; // how often a long search tells how it goes
const MOST_KEPT = 48 << 20; // memory never shrinks: what a large search has grown is let go

// Loads the kernel: from its address, or from its bytes.
export async function load(source = new URL("kernel.wasm", import.meta.url)) {
  const named = typeof source === "string" || source instanceof URL;
  const bytes = named ? await fetched(source) : source;
  return new Kernel(await WebAssembly.compile(bytes));
}

async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} cannot be loaded: ${response.status}`);
  return response.arrayBuffer();
}

class Kernel {
  constructor(module) {
    this.module = module;
    this.idle = [];
  }

  // Finds an optimum and proves it. Options, all of which may be left out:
  //   gap        relative gap to stop at; 0 proves the optimum
  //   prices     shadow prices of an earlier search of a like problem
  //   choice     a choice to begin with
  //   maxStates  states of the dynamic program beyond which the search branches
  //   timeLimit  milliseconds
  //   signal     an AbortSignal that cancels
  //   onProgress called with the best answer so far: a better one, and twice a second in a long search
  // Cancelled, or at the end of its time, it gives the best answer so far and the bound on all.
  async solve(problem, options = {}) {
    const form = formed(problem);
    const exports = this.idle.pop() ?? (await WebAssembly.instantiate(this.module)).exports;
    const answer = await new Search(exports, form, options).answer();
    if (exports.memory.buffer.byteLength <= MOST_KEPT) this.idle.push(exports);
    return answer;
  }
}

// One search under way.
class Search {
  constructor(exports, form, options) {
    Object.assign(this, { exports, form, options, work: FIRST_WORK, news: 0 });
    this.told = this.yielded = performance.now();
    this.until = this.told + (options.timeLimit ?? Infinity);
    const { layers, n, rows, levels } = form;
    const { buffer } = exports.memory;
    new Int32Array(buffer, exports.sizes_at(), 4).set([layers, n, rows, levels]);
    const table = exports.problem_new();
    this.table = new Uint32Array(exports.memory.buffer, table, PLACES.length).slice();
    for (const place of ["start", "score", "cost", "lower", "upper", "allowed", "ties"]) {
      this.put(place, form[place]);
    }
  }

  async answer() {
    const flags = this.flags();
    const { gap = 0, maxStates: states = STATES } = this.options;
    this.want({ work: this.stopped() ? 1 : this.work, gap, states, flags });
    let done = this.piece("task_new");
    while (!done && !this.stopped()) {
      if (performance.now() - this.yielded >= PIECE_MS) await this.pause();
      if (this.stopped()) break;
      this.want({ work: this.work });
      done = this.piece("task_run");
      this.tell();
    }
    return this.read();
  }

  // What is known beforehand, and what is wanted.
  flags() {
    const { prices, choice } = this.options;
    if (prices) this.put("prices", numbers(prices, this.form.rows, "prices"));
    if (choice) this.put("warm", chosen(choice, this.form));
    return (prices ? FLAGS.WARM_PRICES : 0) | (choice ? FLAGS.WARM_CHOICE : 0)
      | (this.form.levels ? FLAGS.WITH_TIES : 0);
  }

  async pause() {
    await pause();
    this.yielded = performance.now();
  }

  stopped() {
    return Boolean(this.options.signal?.aborted) || performance.now() > this.until;
  }

  // Work on for a piece, and learn how much the next one should be.
  piece(name) {
    const begin = performance.now();
    const done = this.exports[name]();
    const took = Math.max(performance.now() - begin, 0.01);
    const next = this.work * Math.min(PIECE_MS / took, 8);
    this.work = Math.min(Math.max(next, LEAST_WORK), MOST_WORK);
    return done;
  }

  tell() {
    const { onProgress } = this.options;
    const [{ news }, now] = [this.known(), performance.now()];
    if (!onProgress || (news <= this.news && now - this.told < TOLD_MS)) return;
    Object.assign(this, { news, told: now });
    onProgress(this.read());
  }

  read() {
    const known = this.known();
    const [status, ties] = [STATUS[known.status], TIES[known.ties]];
    const { score, bound } = known;
    const choice = this.get("choice", Int32Array, this.form.layers);
    const prices = this.get("prices", Float64Array, this.form.rows);
    if (status === "infeasible") return none(status, Infinity, null);
    if (choice[0] < 0) return none("no_solution_in_time", bound, prices);
    const stopped = status === "no_solution_in_time";
    return { status: stopped ? "feasible" : status, score, bound, choice, prices, ties };
  }

  known() {
    const values = this.get("answer", Float64Array, ANSWERS.length);
    return Object.fromEntries(ANSWERS.map((name, at) => [name, values[at]]));
  }

  // Numbers of what is wanted; those that are not named stay.
  want(wanted) {
    const values = this.get("control", Float64Array, WANTS.length);
    WANTS.forEach((name, at) => { values[at] = wanted[name] ?? values[at]; });
    this.put("control", values);
  }

  put(place, values) {
    const at = this.table[PLACES.indexOf(place)];
    new values.constructor(this.exports.memory.buffer, at, values.length).set(values);
  }

  get(place, Kind, count) {
    return new Kind(this.exports.memory.buffer, this.table[PLACES.indexOf(place)], count).slice();
  }
}

function none(status, bound, prices) {
  return { status, score: Infinity, bound, choice: null, prices, ties: "unproven" };
}

// A problem's arrays as the kernel takes them; an error says what does not fit.
function formed({ layers, score, cost = [], lower, upper, allowed, ties = [] }) {
  const start = new Int32Array(layers.length + 1);
  layers.forEach((count, place) => { start[place + 1] = start[place] + count; });
  if (!layers.length || layers.some((count) => !(Number.isInteger(count) && count > 0))) {
    throw new RangeError("each layer needs a variant");
  }
  const n = start[layers.length];
  const costs = flat(cost);
  const rows = costs.length / n;
  const levels = flat(ties);
  return {
    layers: layers.length,
    n,
    rows,
    levels: levels.length / n,
    start,
    score: numbers(score, n, "score"),
    cost: numbers(costs, n * Math.ceil(rows), "cost"),
    lower: limits(lower, rows, -Infinity, "lower"),
    upper: limits(upper, rows, Infinity, "upper"),
    allowed: Uint8Array.from(numbers(allowed ?? new Uint8Array(n).fill(1), n, "allowed")),
    ties: numbers(levels, n * Math.ceil(levels.length / n), "ties"),
  };
}

function flat(rows) {
  return rows.length && typeof rows[0] !== "number" ? rows.flatMap((row) => [...row]) : rows;
}

function limits(values, rows, free, name) {
  const given = Array.from(values ?? new Array(rows).fill(free), (limit) => limit ?? free);
  return numbers(given, rows, name, (limit) => !Number.isNaN(limit));
}

function numbers(values, count, name, fits = Number.isFinite) {
  if (values.length !== count) {
    throw new RangeError(`${name} has ${values.length} numbers where ${count} are needed`);
  }
  const typed = ArrayBuffer.isView(values);
  const found = new Float64Array(typed ? values : Array.from(values, (value) => value ?? NaN));
  if (!found.every(fits)) throw new RangeError(`${name} has what is no number`);
  return found;
}

// A choice has a variant of each layer: an index beyond would be one beyond the kernel's arrays.
function chosen(choice, { layers, start }) {
  const found = Int32Array.from(choice);
  const fits = found.every((variant, place) => start[place] <= variant && variant < start[place + 1]);
  if (found.length !== layers || !fits) throw new RangeError("choice needs a variant of each layer");
  return found;
}

// Let the page do what waits: a message comes after it, without a timer's delay.
function pause() {
  return new Promise((go) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      go();
    };
    port2.postMessage(null);
  });
}
