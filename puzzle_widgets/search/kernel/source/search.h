/* The steps in turn, in pieces: bound, first choice, core, dynamic program; then branching. */

#define CLOSED 1e-10
#define NEARLY (1 - 1e-6)
#define COARSE 1e3
#define COARSE_DIGITS 1e-13
#define FIRST_VARIANTS 48
#define LEAF_VARIANTS 24
#define FEW_STATES 3000
#define BEAM_STATES 9000
#define BEAM_OF_FEW_ROWS 6000  /* of less than WIDER_ROWS */
#define PATIENT_STATES 24000   /* where few states and a small tree were not enough */
#define WIDER_STATES 3000      /* where a beam finds nothing, more excess, and a quicker look */
#define WIDER 1.6
#define WIDER_TRIES 4
#define WIDER_ROWS 3           /* to MANY_ROWS: with fewer, wide beams cost more than they gain */
#define LEAF_STATES 600
#define MANY_ROWS 6 /* with more, hardly a state makes another one needless */
#define LEAF_STATES_OF_MANY 150
#define TREE_WORK 2e6
#define ROUGH_CALLS 200
#define ROUGH_WORK 100000000  /* a tenth of a second: then a choice, before the bound is fine */
#define FINE_CALLS 1000
#define FINE_CALLS_A_ROW 40
#define AT_ONCE 4000000       /* work: some milliseconds, in which most problems have a choice */
#define ROUGH 1e-1
#define FINE 1e-5

enum { RUNNING, OPTIMAL, FEASIBLE, INFEASIBLE, UNKNOWN };
enum {
    PHASE_BEGIN, PHASE_ROUGH, PHASE_FIRST, PHASE_FINE, PHASE_SECOND, /* bound, choice, both again */
    PHASE_JOINT,
    PHASE_TRY, PHASE_DYNAMIC, PHASE_BEAM,
    PHASE_TREE, PHASE_NODE, PHASE_OFFER, PHASE_LEAF, PHASE_END
};

typedef struct {
    f64 gap;
    i32 cap;
    int lexicographic, branch;
    int look;             /* look at all that are as good, also where the bound is proof enough */
    const f64 *prices;    /* of the problem's rows, from an earlier search; or 0 */
    const i32 *choice;    /* a choice to begin with; or 0 */
    const f64 *ties;      /* with `look`: sums that tell layers apart, levels x variants; or 0 */
    i32 levels;
} Options;

typedef struct {
    Form all, form;       /* what the branches leave, and what of it is of interest */
    Bound bound;
    f64 *reduced, proven; /* reduced scores; no choice in it has less excess */
} Node;

typedef struct {
    const Problem *problem;
    Options options;
    i32 phase, status;
    Form form;
    Bound bound;
    Climb climb;          /* under way, or one that has ended */
    First first;
    Joint joint;
    f64 *reduced, rounding;
    f64 excess, most, proven;  /* tried; greatest of interest; no choice has less */
    f64 leaf_excess, beam_excess; /* tried in the node in hand, and by the beam */
    i32 *best;            /* layers: the problem's places; best[0] is NONE without one */
    f64 total, score;     /* of the best: in the form's unit, and summed exactly */
    i32 news;             /* how often a better choice was found */
    Dynamic dynamic;
    Tree tree;
    Node node;
    i32 number, beams;    /* of the node in hand; how often a beam looked wider */
    Mark scratch, scratch_node, scratch_leaf;
    int tied;             /* another choice may be as good as the one proven */
    int exchanges;        /* only those that exchange the variants of layers that are alike */
    f64 tied_excess, resolution;
    i64 work, until;      /* done; when branching is left for more states */
    i32 states;
    int patient;          /* few states were too few: more of them now */
} Search;

static void search_begin(Search *search, const Problem *problem, const Options *options) {
    *search = (Search){.problem = problem, .options = *options, .total = INF, .score = INF, .tied = 1};
    search->best = TAKE(i32, problem->layers);
    search->best[0] = NONE;
}

static int offer(Search *search, const i32 *choice) {
    f64 total = total_of(&search->form, choice);
    if (!(total < search->total) || breaks_a_row(search->problem, choice)) return 0;
    memcpy(search->best, choice, sizeof(i32) * (usize)search->problem->layers);
    search->total = total;
    search->score = score_of(search->problem, choice);
    search->news++;
    return 1;
}

static f64 known_excess(const Search *search) {
    return most_of(search->total - search->bound.value, 0.0);
}

/* What a better choice must save at least. */
static f64 saved(const Search *search) {
    return search->form.step * NEARLY - search->rounding;
}

static int closed(const Search *search) {
    return known_excess(search) - search->proven <= most_of(CLOSED, saved(search));
}

static f64 bound_of(const Search *search) {
    f64 value = search->bound.value + search->proven;
    return least_of(search->form.least + value * search->form.unit, search->score);
}

static int good_enough(const Search *search) {
    if (search->best[0] == NONE || !(search->options.gap > 0.0)) return 0;
    return search->score - bound_of(search) <= search->options.gap * most_of(size_of(search->score), 1e-9);
}

static void end(Search *search, i32 status) {
    search->phase = PHASE_END;
    search->status = status;
}

static void end_unproven(Search *search) {
    end(search, search->best[0] == NONE ? UNKNOWN : FEASIBLE);
}

/* The best known is proven; another of an excess up to `excess` may be as good. */
static void end_proven(Search *search, int tied, f64 excess) {
    search->tied = tied;
    search->tied_excess = excess;
    end(search, search->best[0] == NONE ? INFEASIBLE : OPTIMAL);
}

static f64 resolution_of(const Search *search, f64 excess) {
    if (!search->form.coarse && excess < COARSE) return 0.0;
    return (CLOSED + COARSE_DIGITS * excess) * search->form.unit;
}

static void begin_first(Search *search, i32 phase) {
    int stubborn = phase == PHASE_SECOND && search->best[0] == NONE;
    first_begin(&search->first, &search->form, &search->bound, search->reduced, 0, stubborn);
    search->phase = phase;
}

/* Offer the first choice that is now ready, in whatever form it was made. */
static void offer_first(Search *search) {
    First *first = &search->first;
    const Form *form = first->form;
    if (first->found) {
        for (i32 i = 0; i < form->layers; i++) first->choice[i] = form->flat[first->choice[i]];
        offer(search, first->choice);
    }
    release(first->begin);
}

static void refresh(Search *search) {
    reduce(&search->form, &search->bound, search->reduced);
    search->rounding = rounding_of(&search->form, &search->bound);
}

/* Keep what a better choice can have. */
static void narrow_search(Search *search) {
    Form *form = &search->form, smaller;
    u8 *kept = TAKE(u8, form->variants);
    f64 excess = known_excess(search) + search->rounding;
    i32 count = 0;
    for (i32 v = 0; v < form->variants; v++) count += kept[v] = search->reduced[v] <= excess;
    if (count == form->variants) return;
    narrow(form, kept, &smaller);
    *form = smaller;
}

static void use_prices(Search *search) {
    const Form *form = &search->form;
    for (i32 r = 0; r < form->rows; r++)
        search->bound.multipliers[r] = most_of(
            0.0, form->sign[r] * search->options.prices[form->row[r]] * form->scale[r] / form->unit);
}

static int all_allowed(const Problem *problem, const i32 *choice) {
    for (i32 i = 0; i < problem->layers; i++)
        if (!problem->allowed[choice[i]]) return 0;
    return 1;
}

static void begin_climb(Search *search, int warm, f64 tolerance, i32 most, i32 phase) {
    climb_begin(&search->climb, &search->form, &search->bound, warm, tolerance, most);
    search->phase = phase;
}

static void begin(Search *search) {
    if (!form_of(search->problem, &search->form)) {
        end(search, INFEASIBLE);
        return;
    }
    Form *form = &search->form;
    search->bound = new_bound(form);
    search->reduced = TAKE(f64, form->variants);
    int warm = search->options.prices != 0;
    if (warm) use_prices(search);
    begin_climb(search, warm, ROUGH, ROUGH_CALLS, PHASE_ROUGH);
    search->climb.most_work = ROUGH_WORK;
}

/* A bound is there: next a choice by it, unless it refutes all of them. */
static void after_climb(Search *search) {
    refresh(search);
    if (search->bound.value > search->form.worst) end(search, INFEASIBLE);
    else begin_first(search, search->phase == PHASE_ROUGH ? PHASE_FIRST : PHASE_SECOND);
}

static void after_rough(Search *search) {
    offer_first(search);
    if (search->options.choice && all_allowed(search->problem, search->options.choice))
        offer(search, search->options.choice);
    if (search->best[0] != NONE) narrow_search(search);
    begin_climb(search, 1, FINE, FINE_CALLS + FINE_CALLS_A_ROW * search->form.rows,
                PHASE_FINE);
}

/* Bound by the score and the rows together, where that may tell more. */
static int begin_joint(Search *search) {
    const Form *form = &search->form;
    Joint *joint = &search->joint;
    if (!joint_of(form, &search->bound, 0.5, joint) && !joint_of(form, &search->bound, 0.0, joint)) return 0;
    climb_begin(&search->climb, &joint->form, &joint->bound, 0, FINE, FINE_CALLS);
    return 1;
}

static void after_fine(Search *search) {
    offer_first(search);
    search->resolution = resolution_of(search, 0.0);
    if (search->best[0] != NONE && closed(search) && !search->options.look) {
        end_proven(search, 1, known_excess(search));
        return;
    }
    search->phase = good_enough(search) ? PHASE_END : PHASE_TRY;
    if (search->phase == PHASE_END) end(search, closed(search) ? OPTIMAL : FEASIBLE);
    search->scratch = mark();
    if (search->phase == PHASE_TRY && begin_joint(search)) search->phase = PHASE_JOINT;
}

/* Its bound is proven, and where the search for a better choice begins. */
static void after_joint(Search *search) {
    search->proven = most_of(search->proven, joint_bound(&search->form, &search->joint) - search->bound.value);
    release(search->scratch);
    search->phase = good_enough(search) ? PHASE_END : PHASE_TRY;
    if (search->phase == PHASE_END) end(search, closed(search) ? OPTIMAL : FEASIBLE);
    else if (search->best[0] != NONE && closed(search) && !search->options.look)
        end_proven(search, 1, known_excess(search));
}

/* The excess that leaves so few variants open that the dynamic program takes a blink, beside those
   that cost nothing but rounding. */
static f64 excess_of_few(const f64 *reduced, i32 variants, i32 few, f64 rounding) {
    i32 count = 0;
    Mark begin = mark();
    f64 *beyond = TAKE(f64, variants), found = INF;
    for (i32 v = 0; v < variants; v++)
        if (reduced[v] > rounding) beyond[count++] = reduced[v];
    if (count > few) found = ranked(beyond, count, few);
    release(begin);
    return found;
}

static f64 growth(i32 states) {
    return states < 30 ? 2.5 : states < 300 ? 1.7 : states < 1500 ? 1.35 : 1.2;
}

static void set_most(Search *search) {
    f64 less = search->options.look ? 0.0 : most_of(saved(search), 0.0);
    f64 most = known_excess(search) - less + search->rounding;
    search->most = least_of(
        most, greatest_excess(&search->form, &search->bound, search->reduced));
}

static i32 states_of(const Search *search) {
    int few = search->options.branch && !search->patient;
    return few ? fewer_of(FEW_STATES, search->options.cap) : search->options.cap;
}

/* All choices up to an excess are looked at, so the first one found is optimal; the excess grows
   until one is found or none can be. */
static void try_excess(Search *search) {
    set_most(search);
    if (search->excess == 0.0) 
        search->excess = most_of(
            excess_of_few(search->reduced, search->form.variants, FIRST_VARIANTS, search->rounding),
            search->proven * (1 + ROUNDING));
    search->excess = least_of(most_of(search->excess, 1e-9), search->most);
    release(search->scratch);
    dynamic_begin(
        &search->dynamic, search->problem, &search->form, search->reduced,
        search->bound.multipliers, search->excess, search->rounding, states_of(search),
        search->options.lexicographic ? LEXICOGRAPHIC : PLAIN);
    search->phase = PHASE_DYNAMIC;
}

/* Whether layers that the core takes as alike are so in the sums of the ties, too. */
static int are_twins(const Search *search) {
    const Core *core = &search->dynamic.core;
    const i32 *flat = search->dynamic.form->flat;
    for (i32 level = 0; level < search->options.levels; level++) {
        const f64 *sums = search->options.ties + (usize)level * (usize)search->problem->variants;
        for (i32 u = 0; u < core->units; u++) {
            const Unit *unit = core->unit + u;
            i32 first = core->first[unit->layer];
            for (i32 layer = core->next[unit->layer]; layer != NONE; layer = core->next[layer])
                for (i32 v = unit->begin; v < unit->end; v++) {
                    i32 other = core->first[layer] + core->offset[v];
                    if (sums[flat[first + core->offset[v]]] != sums[flat[other]]) return 0;
                }
        }
    }
    return 1;
}

static void take_found(Search *search) {
    Dynamic *dynamic = &search->dynamic;
    f64 total = total_of(&search->form, dynamic->flat);
    search->resolution = resolution_of(search, search->excess);
    if (total > search->total + CLOSED * most_of(1.0, search->total)) {
        end_proven(search, 1, known_excess(search)); /* rounding made it worse than one known */
        return;
    }
    if (search->options.look || total < search->total) {
        memcpy(search->best, dynamic->flat, sizeof(i32) * (usize)search->problem->layers);
        search->total = total;
        search->score = score_of(search->problem, dynamic->flat);
    }
    end_proven(search, dynamic->tied || dynamic->exchangeable, dynamic->best);
    search->exchanges = !dynamic->tied && dynamic->exchangeable && are_twins(search);
}

static i32 beam_states(const Search *search) {
    i32 rows = search->form.rows;
    if (rows < WIDER_ROWS) return BEAM_OF_FEW_ROWS;
    return search->patient && rows <= MANY_ROWS ? PATIENT_STATES : BEAM_STATES;
}

static void begin_beam(Search *search, i32 states) {
    release(search->scratch);
    dynamic_begin(
        &search->dynamic, search->problem, &search->form, search->reduced,
        search->bound.multipliers, search->beam_excess, search->rounding, states, BEAM);
    search->phase = PHASE_BEAM;
}

static void after_dynamic(Search *search, i32 found) {
    Dynamic *dynamic = &search->dynamic;
    search->states = more_of(search->states, dynamic->most_states);
    if (found != TOO_MANY && dynamic->doubt && dynamic->mode != WHOLE) {
        /* A choice that rounding let pass broke a row: no state may now go for another. */
        release(search->scratch);
        dynamic_begin(
            dynamic, search->problem, &search->form, search->reduced, search->bound.multipliers,
            search->excess, search->rounding, states_of(search), WHOLE);
        return;
    }
    if (found == FOUND) {
        take_found(search);
    } else if (found == NOT_FOUND) {
        search->proven = most_of(search->proven, least_of(search->excess, known_excess(search)));
        if (search->excess >= search->most) {
            search->resolution = resolution_of(search, search->excess);
            end_proven(search, 1, known_excess(search));
            return;
        }
        search->excess *= growth(dynamic->most_states);
        search->phase = good_enough(search) ? PHASE_END : PHASE_TRY;
        if (search->phase == PHASE_END) end(search, FEASIBLE);
    } else if (!search->options.branch || search->options.lexicographic) {
        end_unproven(search);
    } else {
        search->beam_excess = search->excess;
        begin_beam(search, beam_states(search));
    }
}

/* Work that a small tree is worth: more rows make states many, and each one dear. */
static i64 tree_work(i32 rows) { return (i64)TREE_WORK * (1 + rows * rows / 9) * (rows + 1) / 3; }

/* Where a beam found nothing: perhaps no choice has so little excess. Another one then, with more; 0
   where that costs more than it gains. */
static int widen_beam(Search *search) {
    f64 more = search->patient ? search->most : search->beam_excess * WIDER;
    i32 rows = search->form.rows;
    if (search->best[0] == NONE || rows < WIDER_ROWS || search->beam_excess >= search->most) return 0;
    if (!search->patient && (rows > MANY_ROWS || more >= search->most || search->beams++ == WIDER_TRIES))
        return 0;
    search->beam_excess = more;
    begin_beam(search, search->patient ? beam_states(search) : WIDER_STATES);
    return 1;
}

/* The beam proves nothing, but what it finds is often the best there is. */
static void after_beam(Search *search) {
    f64 before = search->total;
    int found = search->dynamic.best < INF;
    if (found) offer(search, search->dynamic.flat);
    release(search->scratch);
    if (search->best[0] != NONE && closed(search)) {
        end_proven(search, 1, known_excess(search));
        return;
    }
    if (good_enough(search)) {
        end(search, FEASIBLE);
        return;
    }
    set_most(search);
    if (!found && widen_beam(search)) return;
    if (search->total < before && search->most < search->excess) {
        search->phase = PHASE_TRY; /* what is left of interest may be few enough now */
        return;
    }
    f64 limit = search->best[0] == NONE ? least_of(search->most, 4 * search->excess) : search->most;
    tree_begin(&search->tree, &search->form, &search->bound, search->reduced, limit + search->rounding);
    search->until = search->patient ? (i64)1 << 62 : 3 * search->work + tree_work(search->form.rows);
    search->phase = PHASE_TREE;
}
