mod behaviour;
mod due;
mod sequences;
