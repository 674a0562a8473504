mod behaviour;
mod ledger;
mod sequences;
mod threads;
