//! Money in minor units, with the exponent of its currency.
