//! Two ledgers compared.
