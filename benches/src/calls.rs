//! What a call through a whole stack costs by each.

use steadfast_benches::drive::STACK;

use crate::cost::{self, Cost, Costs};
use crate::target::Target;

pub fn measure() -> Vec<Target> {
    let costs = cost::of(&STACK);
    cost::print(&STACK, &costs);
    targets(&costs)
}

fn targets(costs: &Costs) -> Vec<Target> {
    let ratio = |of: fn(&Cost) -> f64, ours: &str, theirs: &str| of(&costs[ours]) / of(&costs[theirs]);
    let instructions = |ours, theirs| ratio(|cost| cost.instructions, ours, theirs);
    let future = |ours, theirs| ratio(|cost| cost.future, ours, theirs);
    vec![
        Target { what: "instructions, ours / hand".into(), is: instructions("ours", "hand"), may_be: 1.2 },
        Target {
            what: "instructions, ours-timed / hand-timed".into(),
            is: instructions("ours-timed", "hand-timed"),
            may_be: 1.2,
        },
        Target { what: "instructions, ours / glued".into(), is: instructions("ours", "glued"), may_be: 0.45 },
        Target { what: "instructions, ours / tower".into(), is: instructions("ours", "tower"), may_be: 0.15 },
        Target { what: "allocations, ours".into(), is: costs["ours"].allocations, may_be: 0.0 },
        Target { what: "size of the future, ours / hand".into(), is: future("ours", "hand"), may_be: 1.5 },
        Target {
            what: "size of the future, ours-timed / hand-timed".into(),
            is: future("ours-timed", "hand-timed"),
            may_be: 1.5,
        },
    ]
}
