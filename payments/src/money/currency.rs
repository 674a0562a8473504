//! Currencies that have minor units.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A currency of ISO 4217 that has minor units, by its three letters.
///
/// There is a constant for each. Currencies that another one has replaced are among them: reports of
/// earlier years have them.
///
/// ```
/// use steadfast_payments::money::{Currency, CurrencyError};
///
/// let dinar: Currency = "KWD".parse()?;
/// assert_eq!(dinar, Currency::KWD);
/// assert_eq!((dinar.code(), dinar.exponent()), ("KWD", 3));
/// assert_eq!(Currency::JPY.exponent(), 0);
///
/// // Gold is in the list of ISO 4217, but has no minor unit to count.
/// assert_eq!("XAU".parse::<Currency>(), Err(CurrencyError::NoMinorUnit));
/// assert_eq!("eur".parse::<Currency>(), Err(CurrencyError::Unknown));
/// # Ok::<(), CurrencyError>(())
/// ```
///
/// It serializes as its code.
// A type of our own around that of `iso_currency`: theirs also has what is no money to count, and a
// new version of theirs is then no new version of ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(iso_currency::Currency);

/// Why a text is no [`Currency`]. The text is not in it.
///
/// See [`Currency`] for an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CurrencyError {
    /// ISO 4217 has no such code. Codes are three capital letters.
    #[error("not a currency code of ISO 4217: it takes three capital letters, such as EUR")]
    Unknown,
    /// ISO 4217 has the code, and gives it no minor unit: precious metals, drawing rights, codes for
    /// tests.
    #[error("the currency has no minor unit, so there is no amount of it to count")]
    NoMinorUnit,
}

macro_rules! currencies {
    ($($code:ident)*) => {
        impl Currency {
            $(
                #[doc = concat!("The currency `", stringify!($code), "`.")]
                pub const $code: Self = Self(iso_currency::Currency::$code);
            )*

            /// Every currency, in the order of their codes.
            ///
            /// ```
            /// use steadfast_payments::Currency;
            /// assert!(Currency::every().contains(&Currency::ISK));
            /// ```
            pub const fn every() -> &'static [Self] {
                &[$(Self::$code),*]
            }
        }
    };
}

currencies! {
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
    CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF
    GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR
    LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK
    PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XCD XCG XOF XPF YER ZAR ZMW
    ZWG ZWL
}

impl Currency {
    /// The currency with this code: three capital letters.
    ///
    /// # Errors
    /// [`CurrencyError::Unknown`] and [`CurrencyError::NoMinorUnit`].
    ///
    /// See [`Currency`] for an example.
    pub fn from_code(code: &str) -> Result<Self, CurrencyError> {
        let currency = iso_currency::Currency::from_code(code).ok_or(CurrencyError::Unknown)?;
        if currency.exponent().is_some() { Ok(Self(currency)) } else { Err(CurrencyError::NoMinorUnit) }
    }

    /// The three letters of ISO 4217.
    ///
    /// See [`Currency`] for an example.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals an amount has: 2 for the euro, whose minor unit is the hundredth part.
    ///
    /// See [`Currency`] for an example.
    pub fn exponent(self) -> u32 {
        // Each that can be made has one; a test asks all of them.
        self.0.exponent().map_or(0, u32::from)
    }

    /// How many minor units the main unit has: 100, 1 or 1000.
    pub(super) fn scale(self) -> i64 {
        10_i64.saturating_pow(self.exponent())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(code: &str) -> Result<Self, CurrencyError> {
        Self::from_code(code)
    }
}

/// The code.
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The code.
impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Code;
        impl de::Visitor<'_> for Code {
            type Value = Currency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a currency code of ISO 4217")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
                Currency::from_code(code).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Code)
    }
}
