mod behaviour;
mod ledger;
mod metrics;
mod sequences;
mod threads;
