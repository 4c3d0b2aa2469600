/* Open nodes of the branching: each is a set of variants, and the multipliers of its parent. */

#define TREE_BYTES ((usize)48 << 20)

typedef struct {
    i32 variants, rows, most, count, free_count;
    usize bytes;          /* of a node: bound, multipliers, set */
    u8 *node;
    i32 *heap, *free;     /* open nodes, the least bound first; places to use again */
    i32 ready;
    f64 limit;            /* excess of interest */
    i64 done;
    int lost;             /* a node was left out for want of memory */
    f64 lost_bound;
} Tree;

static f64 *node_bound(const Tree *tree, i32 node) {
    return (f64 *)(tree->node + (usize)node * tree->bytes);
}

static f64 *node_multipliers(const Tree *tree, i32 node) { return node_bound(tree, node) + 1; }

static u8 *node_set(const Tree *tree, i32 node) {
    return (u8 *)(node_bound(tree, node) + 1 + tree->rows);
}

static void heap_up(Tree *tree, i32 at) {
    i32 node = tree->heap[at];
    f64 bound = *node_bound(tree, node);
    while (at > 0 && *node_bound(tree, tree->heap[(at - 1) / 2]) > bound) {
        tree->heap[at] = tree->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    tree->heap[at] = node;
}

static void heap_down(Tree *tree, i32 at) {
    i32 node = tree->heap[at];
    f64 bound = *node_bound(tree, node);
    for (;;) {
        i32 child = 2 * at + 1;
        if (child >= tree->count) break;
        if (child + 1 < tree->count &&
            *node_bound(tree, tree->heap[child + 1]) < *node_bound(tree, tree->heap[child])) child++;
        if (*node_bound(tree, tree->heap[child]) >= bound) break;
        tree->heap[at] = tree->heap[child];
        at = child;
    }
    tree->heap[at] = node;
}

/* A new node's place, or NONE where there is no more memory for one. */
static i32 node_place(Tree *tree) {
    if (tree->free_count) return tree->free[--tree->free_count];
    return tree->ready < tree->most ? tree->ready++ : NONE;
}

static void node_add(Tree *tree, f64 bound, const f64 *multipliers, const u8 *kept) {
    i32 node = node_place(tree);
    if (node == NONE) {
        tree->lost_bound = tree->lost ? least_of(tree->lost_bound, bound) : bound;
        tree->lost = 1;
        return;
    }
    *node_bound(tree, node) = bound;
    memcpy(node_multipliers(tree, node), multipliers, sizeof(f64) * (usize)tree->rows);
    u8 *set = node_set(tree, node);
    memset(set, 0, (usize)(tree->variants + 7) / 8);
    for (i32 v = 0; v < tree->variants; v++)
        if (kept[v]) set[v >> 3] |= (u8)(1 << (v & 7));
    tree->heap[tree->count++] = node;
    heap_up(tree, tree->count - 1);
}

static i32 node_take(Tree *tree) {
    i32 node = tree->heap[0];
    tree->heap[0] = tree->heap[--tree->count];
    if (tree->count) heap_down(tree, 0);
    return node;
}

static void tree_begin(Tree *tree, const Form *form, const Bound *bound, const f64 *reduced, f64 limit) {
    usize bytes = sizeof(f64) * (usize)(1 + form->rows) + (usize)(form->variants + 7) / 8;
    bytes = (bytes + 7) & ~(usize)7;
    i32 most = (i32)(TREE_BYTES / (bytes + 8));
    if (most > 400000) most = 400000;
    *tree = (Tree){.variants = form->variants, .rows = form->rows, .most = most, .bytes = bytes, .limit = limit};
    tree->node = TAKE(u8, (usize)most * bytes);
    tree->heap = TAKE(i32, most);
    tree->free = TAKE(i32, most);
    Mark begin = mark();
    u8 *kept = TAKE(u8, form->variants);
    for (i32 v = 0; v < form->variants; v++) kept[v] = reduced[v] <= limit;
    node_add(tree, bound->value, bound->multipliers, kept);
    release(begin);
}

/* The least bound of what is open; infinite where nothing is. */
static f64 tree_bound(const Tree *tree) {
    f64 bound = tree->count ? *node_bound(tree, tree->heap[0]) : INF;
    return tree->lost ? least_of(bound, tree->lost_bound) : bound;
}
