//! What a gateway calls: its signature, its age, and whether it came before.
