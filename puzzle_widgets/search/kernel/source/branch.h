/* Step 6: where states stay too many, branch: split a layer's variants in two, bound each part
   anew, and let the dynamic program finish what has become small. The open node of the least bound
   is next, so that the bound of all rises as fast as it can. */

#define NODE_CALLS 40

/* What a choice must stay below to be of interest, as a value of the bound. */
static f64 cut_of(const Search *search) {
    f64 cut = search->bound.value + search->tree.limit;
    if (search->best[0] == NONE) return cut;
    return least_of(cut, search->total - most_of(saved(search), CLOSED));
}

/* Ban what breaks a limit beside the least of all others. 0 where nothing is left. */
static int fits(const Form *form, u8 *kept) {
    i32 n = form->variants;
    int changed = 1;
    while (changed) {
        changed = 0;
        for (i32 r = 0; r < form->rows; r++) {
            const f64 *cost = form->cost + r * n;
            f64 room = form->limit[r];
            for (i32 i = 0; i < form->layers; i++) {
                f64 low = INF;
                for (i32 v = form->start[i]; v < form->start[i + 1]; v++)
                    if (kept[v]) low = least_of(low, cost[v]);
                if (low == INF) return 0;
                room -= low;
            }
            room += 1e-11 * (1.0 + size_of(form->limit[r]));
            if (room < 0.0) return 0;
            for (i32 i = 0; i < form->layers; i++) {
                f64 low = INF;
                for (i32 v = form->start[i]; v < form->start[i + 1]; v++)
                    if (kept[v]) low = least_of(low, cost[v]);
                for (i32 v = form->start[i]; v < form->start[i + 1]; v++)
                    if (kept[v] && cost[v] - low > room) {
                        kept[v] = 0;
                        changed = 1;
                    }
            }
        }
    }
    return 1;
}

static void mask_of(const Search *search, i32 number, u8 *kept) {
    const u8 *set = node_set(&search->tree, number);
    for (i32 v = 0; v < search->form.variants; v++) kept[v] = set[v >> 3] >> (v & 7) & 1;
}

/* The layer and row whose decision moves priced budgets most while hardly costing anything. */
static f64 split_of(const Node *node, i32 *layer, i32 *row, f64 *middle) {
    const Form *form = &node->form;
    i32 n = form->variants;
    f64 best = 0.0, gap = TINY;
    *layer = NONE;
    for (i32 i = 0; i < form->layers; i++) {
        i32 base = form->start[i];
        for (i32 v = base; v < form->start[i + 1]; v++)
            if (node->reduced[v] < node->reduced[base]) base = v;
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++) {
            if (v == base) continue;
            for (i32 r = 0; r < form->rows; r++) {
                f64 moved = size_of(form->cost[r * n + v] - form->cost[r * n + base]);
                f64 worth = node->bound.multipliers[r] * moved;
                f64 rate = worth * worth / (worth + 4.0 * node->reduced[v] + gap);
                if (moved > 0.0 && rate > best) {
                    best = rate;
                    *layer = i;
                    *row = r;
                    *middle = 0.5 * (form->cost[r * n + v] + form->cost[r * n + base]);
                }
            }
        }
    }
    if (*layer != NONE) return best;
    /* Nothing is priced: split any layer that is open, by any row that tells its variants apart. */
    for (i32 i = 0; i < form->layers; i++)
        for (i32 v = form->start[i] + 1; v < form->start[i + 1]; v++)
            for (i32 r = 0; r < form->rows; r++) {
                const f64 *cost = form->cost + r * n;
                if (cost[v] == cost[form->start[i]]) continue;
                *layer = i;
                *row = r;
                *middle = 0.5 * (cost[v] + cost[form->start[i]]);
                return 0.0;
            }
    return 0.0;
}

/* Two nodes from one: the variants of a layer that use no more of a row than the middle, and the
   others. `from` tells each of the node's variants in the tree's form. */
static void split(Search *search, const Node *node, const i32 *from) {
    const Form *form = &node->form;
    i32 layer, row = 0;
    f64 middle = 0.0;
    split_of(node, &layer, &row, &middle);
    if (layer == NONE) return; /* all alike: the best of each layer is as good as any */
    u8 *kept = TAKE(u8, search->form.variants);
    for (i32 side = 0; side < 2; side++) {
        memset(kept, 0, (usize)search->form.variants);
        for (i32 i = 0; i < form->layers; i++)
            for (i32 v = form->start[i]; v < form->start[i + 1]; v++) {
                int low = form->cost[row * form->variants + v] <= middle;
                if (i != layer || low == (side == 0)) kept[from[v]] = 1;
            }
        node_add(&search->tree, node->bound.value + node->proven, node->bound.multipliers, kept);
    }
}

/* The places of a narrowed form's variants in the tree's. */
static i32 *places_in(const Form *form, const Form *within) {
    i32 *from = TAKE(i32, form->variants), at = 0;
    for (i32 v = 0; v < form->variants; v++) {
        while (within->flat[at] != form->flat[v]) at++;
        from[v] = at;
    }
    return from;
}

/* The choice of least reduced scores, in the form's own places. */
static void bound_choice(const Form *form, const f64 *reduced, i32 *choice) {
    for (i32 i = 0; i < form->layers; i++) {
        choice[i] = form->start[i];
        for (i32 v = form->start[i]; v < form->start[i + 1]; v++)
            if (reduced[v] < reduced[choice[i]]) choice[i] = v;
    }
}

/* Begin to bound a node; 0 where no choice in it is within the limits. */
static int begin_node(Search *search, i32 number) {
    Node *node = &search->node;
    Form *all = &search->form;
    u8 *kept = TAKE(u8, all->variants);
    mask_of(search, number, kept);
    if (!fits(all, kept)) return 0;
    narrow(all, kept, &node->all);
    node->bound = new_bound(&node->all);
    node->reduced = TAKE(f64, node->all.variants);
    memcpy(node->bound.multipliers, node_multipliers(&search->tree, number), sizeof(f64) * (usize)all->rows);
    f64 gap = most_of(cut_of(search) - *node_bound(&search->tree, number), 0.0);
    climb_begin(&search->climb, &node->all, &node->bound, 1, most_of(FINE * 0.1, 0.02 * gap), NODE_CALLS);
    return 1;
}

/* Keep what is of interest in a node that is bounded; 0 where nothing is. */
static int open_node(Search *search) {
    Node *node = &search->node;
    const Form *all = &node->all;
    f64 cut = cut_of(search);
    if (node->bound.value > cut) return 0;
    reduce(all, &node->bound, node->reduced);
    u8 *left = TAKE(u8, all->variants);
    for (i32 v = 0; v < all->variants; v++) left[v] = node->bound.value + node->reduced[v] <= cut;
    narrow(all, left, &node->form);
    reduce(&node->form, &node->bound, node->reduced);
    bound_choice(&node->form, node->reduced, node->bound.choice);
    node->proven = most_of(*node_bound(&search->tree, search->number) - node->bound.value, 0.0);
    return 1;
}

static void end_tree(Search *search) {
    f64 reached = least_of(cut_of(search) - search->bound.value, known_excess(search));
    search->proven = most_of(search->proven, reached);
    if (search->tree.lost) {
        end_unproven(search);
        return;
    }
    set_most(search);
    if (search->tree.limit < search->most) {
        search->excess = search->tree.limit * 2;
        release(search->scratch);
        search->phase = PHASE_TRY;
        return;
    }
    end_proven(search, 1, known_excess(search));
}

static void drop_node(Search *search) {
    search->tree.free[search->tree.free_count++] = search->number;
    release(search->scratch_node);
    search->phase = PHASE_TREE;
}

/* The largest excess of interest in the node in hand. */
static f64 node_room(const Search *search) {
    return most_of(cut_of(search) - search->node.bound.value, 0.0);
}

static void begin_leaf(Search *search) {
    Node *node = &search->node;
    i32 states = node->form.rows > MANY_ROWS ? LEAF_STATES_OF_MANY : LEAF_STATES;
    search->leaf_excess = least_of(most_of(search->leaf_excess, 1e-9), node_room(search));
    dynamic_begin(&search->dynamic, search->problem, &node->form, node->reduced,
                  node->bound.multipliers, search->leaf_excess, search->rounding, states, PLAIN);
    search->phase = PHASE_LEAF;
}

/* One node: bound it, then finish it or split it. */
static void branch(Search *search) {
    Tree *tree = &search->tree;
    f64 lowest = tree_bound(tree);
    if (lowest < INF)
        search->proven = most_of(search->proven, least_of(lowest - search->bound.value, known_excess(search)));
    if (!tree->count || lowest > cut_of(search)) {
        end_tree(search);
        return;
    }
    if (search->best[0] != NONE && closed(search)) {
        end_proven(search, 1, known_excess(search));
        return;
    }
    if (good_enough(search)) {
        end(search, FEASIBLE);
        return;
    }
    if (search->work > search->until) {
        /* Neither few states nor a small tree were enough: now many states, then a tree. */
        search->patient = 1;
        search->excess = most_of(search->excess, search->proven);
        release(search->scratch);
        search->phase = PHASE_TRY;
        return;
    }
    search->scratch_node = mark();
    search->number = node_take(tree);
    tree->done++;
    if (begin_node(search, search->number)) search->phase = PHASE_NODE;
    else drop_node(search);
}

/* A node is bounded: next a choice in what is left of it. */
static void after_node(Search *search) {
    Node *node = &search->node;
    if (!open_node(search)) {
        drop_node(search);
        return;
    }
    first_begin(&search->first, &node->form, &node->bound, node->reduced, 1, 0);
    search->phase = PHASE_OFFER;
}

static void after_offer(Search *search) {
    const Node *node = &search->node;
    offer_first(search);
    if (cut_of(search) < node->bound.value) {
        drop_node(search);
        return;
    }
    search->scratch_leaf = mark();
    search->leaf_excess = excess_of_few(node->reduced, node->form.variants, LEAF_VARIANTS, search->rounding);
    begin_leaf(search);
}

/* The dynamic program looks at a growing excess: what it can rule out raises the node's bound, also
   where it cannot finish. The rest is split. */
static void after_leaf(Search *search, i32 found) {
    Dynamic *dynamic = &search->dynamic;
    Node *node = &search->node;
    i32 states = dynamic->most_states;
    int unsure = found == TOO_MANY || dynamic->doubt;
    if (dynamic->best < INF) offer(search, dynamic->flat);
    release(search->scratch_leaf);
    if (!unsure && found == NOT_FOUND && search->leaf_excess < node_room(search)) {
        node->proven = search->leaf_excess;
        search->leaf_excess *= growth(states);
        begin_leaf(search);
        return;
    }
    if (unsure && cut_of(search) >= node->bound.value + node->proven)
        split(search, node, places_in(&node->form, &search->form));
    drop_node(search);
}

static void run_dynamic(Search *search, i64 work) {
    i64 before = search->dynamic.work;
    i32 found = dynamic_run(&search->dynamic, before + work);
    search->work += search->dynamic.work - before + 1;
    if (found == GOING) return;
    if (search->phase == PHASE_DYNAMIC) after_dynamic(search, found);
    else if (search->phase == PHASE_BEAM) after_beam(search);
    else after_leaf(search, found);
}

static void run_climb(Search *search, i64 work) {
    Climb *climb = &search->climb;
    i64 before = climb->work;
    int done = climb_step(climb, before + work);
    search->work += climb->work - before;
    if (!done) return;
    if (search->phase == PHASE_NODE) after_node(search);
    else if (search->phase == PHASE_JOINT) after_joint(search);
    else after_climb(search);
}

static void run_first(Search *search, i64 work) {
    First *first = &search->first;
    i64 before = first->work;
    int done = first_step(first, before + work);
    search->work += first->work - before;
    if (!done) return;
    if (search->phase == PHASE_OFFER) after_offer(search);
    else if (search->phase == PHASE_FIRST) after_rough(search);
    else after_fine(search);
}

static void step(Search *search, i64 work) {
    switch (search->phase) {
    case PHASE_BEGIN: begin(search); break;
    case PHASE_ROUGH: case PHASE_FINE: case PHASE_JOINT: case PHASE_NODE: run_climb(search, work); break;
    case PHASE_FIRST: case PHASE_SECOND: case PHASE_OFFER: run_first(search, work); break;
    case PHASE_TRY: try_excess(search); break;
    case PHASE_TREE: branch(search); break;
    default: run_dynamic(search, work);
    }
}

/* Work on until there is an answer, or a given amount of work is done. 1 at the end. The first
   choice comes with the first call wherever that takes a blink only. */
static int search_step(Search *search, i64 work) {
    i64 until = search->work + work;
    while (search->phase != PHASE_END) {
        i64 limit = search->phase < PHASE_TRY && until < AT_ONCE ? AT_ONCE : until;
        if (search->work >= limit) break;
        step(search, limit - search->work);
        search->work += search->form.variants;
    }
    return search->phase == PHASE_END;
}
