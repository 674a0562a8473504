//! Why a payment was not made, or why nobody can say.
