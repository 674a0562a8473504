mod behaviour;
mod due;
mod ledger;
mod sequences;
mod threads;
