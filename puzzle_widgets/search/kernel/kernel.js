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
//   const answers = await kernel.solveMany(problem, { forced: [0, 1, 2, 3] }); // one for each
//
// Arrays may be typed ones, and those of rows flat. Work is done in pieces of some milliseconds,
// between which the page goes on: it can show a better answer, or cancel. Several searches may be
// under way. A page with a content security policy has to allow 'wasm-unsafe-eval'.

// The numbering of source/api.h, search.h and task.h.
const PLACES = [
  "start", "score", "cost", "lower", "upper", "allowed", "ties", "prices", "warm", "choice",
  "answer", "control", "job_scores", "job_lower", "job_upper", "job_forced", "job_weights",
  "job_answers", "job_choices", "job_prices",
];
const ANSWERS = ["status", "score", "bound", "ties", "news", "states", "nodes", "work"];
const WANTS = ["work", "gap", "states", "flags", "jobs", "kinds", "level"];
const FLAGS = { WARM_PRICES: 1, WARM_CHOICE: 2, WITH_TIES: 8 };
const KINDS = { JOB_SCORES: 1, JOB_LIMITS: 2, JOB_FORCED: 4, JOB_WEIGHTS: 8 };
const STATUS = ["no_solution_in_time", "optimal", "feasible", "infeasible", "no_solution_in_time"];
const TIES = ["none", "settled", "unproven"];

const STATES = 60000;
const [PIECE_MS, FIRST_WORK, LEAST_WORK, MOST_WORK] = [8, 2e5, 1e4, 1e9];
const TOLD_MS = 500; // how often a long search tells how it goes
const AT_ONCE = 4 << 20; // bytes of the changes that are in the kernel's memory at a time
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
    return this.borrowed((exports) => new Search(exports, form, options).answer());
  }

  // Solves many problems that differ a little, in one call; an array of answers in their order.
  // What each has of its own, beside the problem; one row for each:
  //   scores         its scores
  //   lower, upper   its limits; null is none, and a side that is left out is the problem's
  //   forced         the variant that it must have, as an index over all layers
  //   weights, level what it weighs the rows' costs by in a level of its ties, and which level
  // Options are gap, prices, maxStates, timeLimit (for all of them together), signal, and onProgress,
  // which is called with the number of those done. Cancelled, it gives those that are done.
  async solveMany(problem, changes, options = {}) {
    const form = formed(problem);
    const jobs = changed(changes, form);
    return this.borrowed((exports) => new Many(exports, form, options, jobs).answers());
  }

  async borrowed(work) {
    const exports = this.idle.pop() ?? (await WebAssembly.instantiate(this.module)).exports;
    const given = await work(exports);
    if (exports.memory.buffer.byteLength <= MOST_KEPT) this.idle.push(exports);
    return given;
  }
}

// The kernel at work on a problem in its memory.
class Run {
  constructor(exports, form, options) {
    Object.assign(this, { exports, form, options, work: FIRST_WORK });
    this.told = this.yielded = performance.now();
    this.until = this.told + (options.timeLimit ?? Infinity);
    const { layers, n, rows, levels } = form;
    const { buffer } = exports.memory;
    new Int32Array(buffer, exports.sizes_at(), 4).set([layers, n, rows, levels]);
    this.find(exports.problem_new());
    for (const place of ["start", "score", "cost", "lower", "upper", "allowed", "ties"]) {
      this.put(place, form[place]);
    }
  }

  find(table) {
    this.table = new Uint32Array(this.exports.memory.buffer, table, PLACES.length).slice();
  }

  usualFlags() {
    const { prices } = this.options;
    if (prices) this.put("prices", numbers(prices, this.form.rows, "prices"));
    return (prices ? FLAGS.WARM_PRICES : 0) | (this.form.levels ? FLAGS.WITH_TIES : 0);
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

  get(place, Kind, count, skipped = 0) {
    const at = this.table[PLACES.indexOf(place)] + skipped * Kind.BYTES_PER_ELEMENT;
    return new Kind(this.exports.memory.buffer, at, count).slice();
  }
}

// One search under way.
class Search extends Run {
  news = 0;

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
    const { choice } = this.options;
    if (choice) this.put("warm", chosen(choice, this.form));
    return this.usualFlags() | (choice ? FLAGS.WARM_CHOICE : 0);
  }

  tell() {
    const { onProgress } = this.options;
    const [{ news }, now] = [this.known(), performance.now()];
    if (!onProgress || (news <= this.news && now - this.told < TOLD_MS)) return;
    Object.assign(this, { news, told: now });
    onProgress(this.read());
  }

  read() {
    const choice = this.get("choice", Int32Array, this.form.layers);
    return told(this.known(), choice, this.get("prices", Float64Array, this.form.rows));
  }

  known() {
    return named(this.get("answer", Float64Array, ANSWERS.length));
  }
}

// Many searches under way, some at a time.
class Many extends Run {
  found = [];

  constructor(exports, form, options, jobs) {
    super(exports, form, options);
    this.jobs = jobs;
  }

  async answers() {
    const bytes = 8 * ((this.jobs.scores ? this.form.n : 0) + 3 * this.form.rows) + 1024;
    const some = Math.max(1, Math.floor(AT_ONCE / bytes));
    for (let begin = 0; begin < this.jobs.count && !this.stopped(); begin += some) {
      await this.search(begin, Math.min(begin + some, this.jobs.count));
    }
    return this.found;
  }

  async search(begin, end) {
    const { gap = 0, maxStates: states = STATES } = this.options;
    const { kinds, level } = this.jobs;
    const flags = this.usualFlags();
    this.want({ work: this.work, gap, states, flags, jobs: end - begin, kinds, level });
    this.find(this.exports.jobs_new());
    for (const [place, { values, width }] of Object.entries(this.jobs.places)) {
      this.put(place, values.subarray(begin * width, end * width));
    }
    let done = 0;
    while (done < end - begin && !this.stopped()) {
      this.want({ work: this.work });
      const before = done;
      done = this.piece("jobs_run");
      for (let job = before; job < done; job += 1) this.found.push(this.read(job));
      if (done > before) this.options.onProgress?.(this.found.length);
      if (performance.now() - this.yielded >= PIECE_MS) await this.pause();
    }
  }

  read(job) {
    const { layers, rows } = this.form;
    const known = named(this.get("job_answers", Float64Array, ANSWERS.length, job * ANSWERS.length));
    const choice = this.get("job_choices", Int32Array, layers, job * layers);
    return told(known, choice, this.get("job_prices", Float64Array, rows, job * rows));
  }
}

function named(answer) {
  return Object.fromEntries(ANSWERS.map((name, at) => [name, answer[at]]));
}

// An answer as it is given out.
function told({ status: number, ties, score, bound }, choice, prices) {
  const status = STATUS[number];
  if (status === "infeasible") return none(status, Infinity, null);
  if (choice[0] < 0) return none("no_solution_in_time", bound, prices);
  const stopped = status === "no_solution_in_time";
  return { status: stopped ? "feasible" : status, score, bound, choice, prices, ties: TIES[ties] };
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

// What many problems have of their own, as the kernel takes it: by place, and how many.
function changed({ scores, lower, upper, forced, weights, level = 0 }, form) {
  const { n, rows, levels } = form;
  const given = [scores, lower, upper, forced, weights].find((one) => one !== undefined);
  if (given === undefined) throw new RangeError("changes need scores, limits or forced variants");
  const count = given.length;
  const places = {};
  const take = (place, values, width) => { places[place] = { values, width }; };
  if (scores) take("job_scores", numbers(flat(scores), count * n, "scores"), n);
  if (lower || upper) {
    for (const [side, own, shared, free] of [
      ["lower", lower, form.lower, -Infinity], ["upper", upper, form.upper, Infinity],
    ]) {
      const each = own ?? new Array(count).fill([...shared]);
      take(`job_${side}`, limits(flat(each), count * rows, free, side), rows);
    }
  }
  if (forced) take("job_forced", Int32Array.from(numbers(forced, count, "forced")), 1);
  if (forced?.some((variant) => !(Number.isInteger(variant) && variant >= 0 && variant < n))) {
    throw new RangeError("forced needs indices of variants");
  }
  if (weights) take("job_weights", numbers(flat(weights), count * rows, "weights"), rows);
  if (weights && !(Number.isInteger(level) && level >= 0 && level < levels)) {
    throw new RangeError("level is none of the ties");
  }
  const kinds = (scores ? KINDS.JOB_SCORES : 0) | (lower || upper ? KINDS.JOB_LIMITS : 0)
    | (forced ? KINDS.JOB_FORCED : 0) | (weights ? KINDS.JOB_WEIGHTS : 0);
  return { count, kinds, level, places, scores };
}

function flat(rows) {
  const nested = Array.isArray(rows[0]) || ArrayBuffer.isView(rows[0]);
  return nested ? rows.flatMap((row) => [...row]) : rows;
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
