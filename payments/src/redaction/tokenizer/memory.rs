//! A vault of one process, for tests and for trying things out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroize;

use super::{Tokenizer, TokenizerError};
use crate::gateway::CardToken;
use crate::redaction::Pan;

/// Keeps cards in memory, for one process: for tests and for trying things out. Its tokens mean nothing to
/// another one, and nothing when the process has ended.
///
/// Tokens are `tok_` and 26 random letters from the operating system (122 bits). They have no digit, so
/// none of them is ever taken for a card number. It keeps a bounded number of cards, and forgets none:
/// one that is full refuses new cards. Clones share the cards.
///
/// ```
/// use steadfast_payments::redaction::{MemoryTokenizer, Tokenizer, TokenizerError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let vault = MemoryTokenizer::new(1);
/// vault.tokenize("4111111111111111".parse()?).await?;
/// let full = vault.tokenize("5555555555554444".parse()?).await;
/// assert!(matches!(full, Err(TokenizerError::Full { max_cards: 1 })));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryTokenizer {
    max_cards: usize,
    vault: Arc<Mutex<Vault>>,
}

/// The digits of a card, wiped when they go. Both maps hold the same.
#[derive(PartialEq, Eq, Hash)]
struct Digits(String);

impl Drop for Digits {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[derive(Default)]
struct Vault {
    cards: HashMap<CardToken, Arc<Digits>>,
    tokens: HashMap<Arc<Digits>, CardToken>,
}

/// 100,000 cards.
impl Default for MemoryTokenizer {
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl MemoryTokenizer {
    /// A vault for at most so many cards; [`default`](Self::default) is one for 100,000.
    ///
    /// See [`MemoryTokenizer`] for an example.
    pub fn new(max_cards: usize) -> Self {
        Self { max_cards, vault: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Vault> {
        // Nothing is left half done by a panic: the maps are changed last.
        self.vault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn token_of(&self, pan: &Pan) -> Result<CardToken, TokenizerError> {
        let digits = pan.expose(|digits| Arc::new(Digits(digits.to_owned())));
        let mut vault = self.lock();
        if let Some(token) = vault.tokens.get(&digits) {
            return Ok(token.clone());
        }
        if vault.cards.len() >= self.max_cards {
            return Err(TokenizerError::Full { max_cards: self.max_cards });
        }
        let token = new_token()?;
        vault.cards.insert(token.clone(), Arc::clone(&digits));
        vault.tokens.insert(digits, token.clone());
        Ok(token)
    }

    fn card_of(&self, token: &CardToken) -> Result<Pan, TokenizerError> {
        let digits = self.lock().cards.get(token).cloned().ok_or(TokenizerError::Unknown)?;
        digits.0.parse().map_err(|error| TokenizerError::Unavailable(Box::new(error)))
    }
}

/// Letters only. A byte's remainder by 26 is a little uneven, which costs less than half a bit in all.
fn new_token() -> Result<CardToken, TokenizerError> {
    let mut random = [0; 26];
    getrandom::fill(&mut random).map_err(|error| TokenizerError::Unavailable(Box::new(error)))?;
    let letters = random.iter().map(|byte| char::from(b'a' + byte % 26));
    let token: String = "tok_".chars().chain(letters).collect();
    token.parse().map_err(|error| TokenizerError::Unavailable(Box::new(error)))
}

impl Tokenizer for MemoryTokenizer {
    async fn tokenize(&self, pan: Pan) -> Result<CardToken, TokenizerError> {
        self.token_of(&pan)
    }

    async fn detokenize(&self, token: &CardToken) -> Result<Pan, TokenizerError> {
        self.card_of(token)
    }
}

/// How many cards it keeps.
impl fmt::Debug for MemoryTokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cards = self.lock().cards.len();
        f.debug_struct("MemoryTokenizer").field("cards", &cards).field("max_cards", &self.max_cards).finish()
    }
}
