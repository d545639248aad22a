//! SM2 keys (GB/T 32918) that sign notes, and what is known of them to others.
//!
//! A [`Signer`] is a key pair with a name and a purpose; a [`Verifier`] is its public half. A log's
//! key signs checkpoints as they are; a witness's key cosigns them with the time of its look. The
//! purpose is part of the key's id, so a signature made for one is never taken for the other.
//!
//! Signing draws no randomness: the nonce is derived from key and text as in RFC 6979, with SM3.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding};
use rand_core::TryCryptoRng;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::elliptic_curve::Generate;
use sm2::elliptic_curve::sec1::ToSec1Point;
use sm2::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding,
};
use sm2::{PublicKey, SecretKey};

use crate::error::KeyError;
use crate::hash::Hash;
use crate::hex;
use crate::label::Name;

/// The distinguishing id of every signer: the default of GB/T 32918 and GM/T 0009.
pub const DISTINGUISHING_ID: &str = "1234567812345678";

/// The most bytes of a PEM text or a verifier line that is read.
pub const KEY_TEXT_BYTES_MAX: usize = 4096;

/// The byte that says «no algorithm the note format has a number for; its name follows».
const UNASSIGNED: u8 = 0xff;

/// What a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// The log's own checkpoints, manifests and changes of keys.
    Log,
    /// Cosignatures of a witness.
    Witness,
}

impl Purpose {
    /// The name of the algorithm and what it is used for.
    const fn algorithm(self) -> &'static [u8] {
        match self {
            Self::Log => b"liandong/sm2-sm3/log/v1",
            Self::Witness => b"liandong/sm2-sm3/cosignature/v1",
        }
    }
}

/// Four bytes that tell keys of one name apart; no protection against whoever wants to collide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// A signature: r and s, 32 bytes each, big end first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", hex::encode(&self.0))
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("not a signature: 128 hexadecimal digits are"))
    }
}

/// A public key with its name and purpose.
#[derive(Clone)]
pub struct Verifier {
    name: Name,
    purpose: Purpose,
    id: KeyId,
    /// The point, uncompressed: 0x04, x, y.
    point: [u8; 65],
    key: sm2::dsa::VerifyingKey,
}

impl Verifier {
    /// From a public key in PEM (`SubjectPublicKeyInfo`).
    ///
    /// # Errors
    /// [`KeyError`] when the text is no SM2 public key.
    pub fn from_spki_pem(name: Name, purpose: Purpose, pem: &str) -> Result<Self, KeyError> {
        if pem.len() > KEY_TEXT_BYTES_MAX {
            return Err(KeyError::TooLong);
        }
        let key = PublicKey::from_public_key_pem(pem).map_err(|_| KeyError::NotAPublicKey)?;
        Self::new(name, purpose, key)
    }

    fn new(name: Name, purpose: Purpose, key: PublicKey) -> Result<Self, KeyError> {
        let encoded = key.to_sec1_point(false);
        let point = encoded.as_bytes().try_into().map_err(|_| KeyError::NotAPublicKey)?;
        let key = sm2::dsa::VerifyingKey::new(DISTINGUISHING_ID, key)
            .map_err(|_| KeyError::NotAPublicKey)?;
        let id = key_id(&name, purpose, &point);
        Ok(Self { name, purpose, id, point, key })
    }

    /// The public key in PEM (`SubjectPublicKeyInfo`), for other programs.
    ///
    /// # Errors
    /// [`KeyError::Write`] when it cannot be written.
    pub fn to_spki_pem(&self) -> Result<String, KeyError> {
        PublicKey::from(&self.key).to_public_key_pem(LineEnding::LF).map_err(|_| KeyError::Write)
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// What it signs.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Verifies a signature over some bytes.
    ///
    /// # Errors
    /// [`KeyError::BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), KeyError> {
        sm2::dsa::Signature::from_slice(&signature.0)
            .and_then(|signature| self.key.verify(message, &signature))
            .map_err(|_| KeyError::BadSignature)
    }
}

/// SM3(name ‖ 0x0A ‖ 0xFF ‖ algorithm ‖ 0x0A ‖ point), its first four bytes.
fn key_id(name: &Name, purpose: Purpose, point: &[u8; 65]) -> KeyId {
    let parts: [&[u8]; 5] =
        [name.as_str().as_bytes(), b"\n\xff", purpose.algorithm(), b"\n", point];
    let Hash([a, b, c, d, ..]) = Hash::of_parts(&parts);
    KeyId([a, b, c, d])
}

impl PartialEq for Verifier {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.purpose, &self.point) == (&other.name, other.purpose, &other.point)
    }
}

impl Eq for Verifier {}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({self})")
    }
}

/// The verifier line: name, id and key with `+` between, e.g. for a settings file.
impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[UNASSIGNED], self.purpose.algorithm(), b"\n", &self.point].concat();
        write!(f, "{}+{}+{}", self.name, self.id, Base64::encode_string(&key))
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > KEY_TEXT_BYTES_MAX {
            return Err(KeyError::TooLong);
        }
        let (name, rest) = text.split_once('+').ok_or(KeyError::NotAVerifier)?;
        let (id, key) = rest.split_once('+').ok_or(KeyError::NotAVerifier)?;
        let name = name.parse().map_err(|_| KeyError::NotAVerifier)?;
        let id = hex::decode(id).map(KeyId).ok_or(KeyError::NotAVerifier)?;
        let bytes = decode_base64(key).ok_or(KeyError::NotAVerifier)?;
        let (purpose, point) = [Purpose::Log, Purpose::Witness]
            .into_iter()
            .find_map(|purpose| {
                let head = [&[UNASSIGNED], purpose.algorithm(), b"\n"].concat();
                bytes.strip_prefix(head.as_slice()).map(|point| (purpose, point))
            })
            .ok_or(KeyError::NotAVerifier)?;
        if point.len() != 65 {
            return Err(KeyError::NotAPublicKey);
        }
        let key = PublicKey::from_sec1_bytes(point).map_err(|_| KeyError::NotAPublicKey)?;
        let verifier = Self::new(name, purpose, key)?;
        if verifier.id == id { Ok(verifier) } else { Err(KeyError::OtherId) }
    }
}

impl Serialize for Verifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Verifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Standard base64 with padding, in its one canonical spelling.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64::decode_vec(text).ok()?;
    (Base64::encode_string(&bytes) == text).then_some(bytes)
}

/// A key pair with its name and purpose. Its private half is shown by nothing but
/// [`Signer::to_pkcs8_pem`].
pub struct Signer {
    verifier: Verifier,
    secret: SecretKey,
    key: sm2::dsa::SigningKey,
}

impl Signer {
    /// Draws a key.
    ///
    /// # Errors
    /// [`KeyError::CannotSign`] when the randomness fails or gives the one number that cannot sign.
    pub fn generate<R: TryCryptoRng + ?Sized>(
        name: Name,
        purpose: Purpose,
        rng: &mut R,
    ) -> Result<Self, KeyError> {
        let secret = SecretKey::try_generate_from_rng(rng).map_err(|_| KeyError::CannotSign)?;
        Self::new(name, purpose, secret)
    }

    /// From a private key in PKCS#8 PEM, unencrypted, on the SM2 curve.
    ///
    /// # Errors
    /// [`KeyError`] when the text is no such key.
    pub fn from_pkcs8_pem(name: Name, purpose: Purpose, pem: &str) -> Result<Self, KeyError> {
        if pem.len() > KEY_TEXT_BYTES_MAX {
            return Err(KeyError::TooLong);
        }
        let secret = SecretKey::from_pkcs8_pem(pem).map_err(|_| KeyError::NotAPrivateKey)?;
        Self::new(name, purpose, secret)
    }

    /// From a private key in PEM, unencrypted: PKCS#8, or SEC 1 (`EC PRIVATE KEY`, which some call `SM2
    /// PRIVATE KEY`). Parameters of the curve may stand before it, as OpenSSL writes them.
    ///
    /// # Errors
    /// [`KeyError`] when the text holds no such key.
    pub fn from_pem(name: Name, purpose: Purpose, pem: &str) -> Result<Self, KeyError> {
        if pem.len() > KEY_TEXT_BYTES_MAX {
            return Err(KeyError::TooLong);
        }
        let pem = pem.replace("SM2 PRIVATE KEY-----", "EC PRIVATE KEY-----");
        let from = |begin: &str| pem.find(begin).and_then(|place| pem.get(place..));
        if let Some(sec1) = from("-----BEGIN EC PRIVATE KEY-----") {
            let secret = SecretKey::from_sec1_pem(sec1).map_err(|_| KeyError::NotAPrivateKey)?;
            return Self::new(name, purpose, secret);
        }
        let pkcs8 = from("-----BEGIN PRIVATE KEY-----").ok_or(KeyError::NotAPrivateKey)?;
        Self::from_pkcs8_pem(name, purpose, pkcs8)
    }

    fn new(name: Name, purpose: Purpose, secret: SecretKey) -> Result<Self, KeyError> {
        let key = sm2::dsa::SigningKey::new(DISTINGUISHING_ID, &secret)
            .map_err(|_| KeyError::NotAPrivateKey)?;
        let verifier = Verifier::new(name, purpose, secret.public_key())?;
        let signer = Self { verifier, secret, key };
        // The key n − 1 passes for one and cannot sign.
        signer.sign(b"")?;
        Ok(signer)
    }

    /// The private key in PKCS#8 PEM, unencrypted: write it where only the platform reads it.
    ///
    /// # Errors
    /// [`KeyError::Write`] when it cannot be written.
    pub fn to_pkcs8_pem(&self) -> Result<String, KeyError> {
        let pem = self.secret.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::Write)?;
        Ok(pem.as_str().to_owned())
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Signs some bytes.
    ///
    /// # Errors
    /// [`KeyError::CannotSign`], which happens to no key that was once made.
    pub fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signature = self.key.try_sign(message).map_err(|_| KeyError::CannotSign)?;
        signature.to_vec().try_into().map(Signature).map_err(|_| KeyError::CannotSign)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}, …)", self.verifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the worked example in GM/T 0003.5-2012, appendix A.
    fn of_the_standard() -> Signer {
        let secret: [u8; 32] =
            hex::decode("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
                .unwrap();
        let secret = SecretKey::from_slice(&secret).unwrap();
        Signer::new("gmt-0003.5".parse().unwrap(), Purpose::Log, secret).unwrap()
    }

    #[test]
    fn the_example_of_the_standard_verifies() {
        let signer = of_the_standard();
        assert_eq!(
            hex::encode(&signer.verifier().point),
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
             ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
        );
        let mut signature = Signature(
            hex::decode(
                "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
                 b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
            )
            .unwrap(),
        );
        assert_eq!(signer.verifier().verify(b"message digest", &signature), Ok(()));
        assert_eq!(
            signer.verifier().verify(b"message digesT", &signature),
            Err(KeyError::BadSignature)
        );
        for byte in 0..64 {
            signature.0[byte] ^= 1;
            assert!(signer.verifier().verify(b"message digest", &signature).is_err());
            signature.0[byte] ^= 1;
        }
    }

    #[test]
    fn a_key_that_cannot_sign_is_refused() {
        // n − 1.
        let secret: [u8; 32] =
            hex::decode("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122")
                .unwrap();
        let secret = SecretKey::from_slice(&secret).unwrap();
        let refused = Signer::new("x".parse().unwrap(), Purpose::Log, secret);
        assert_eq!(refused.err(), Some(KeyError::CannotSign));
    }

    #[test]
    fn the_purpose_and_the_name_are_part_of_the_id() {
        let signer = of_the_standard();
        let key = PublicKey::from(&signer.verifier.key);
        let id =
            |name: &str, purpose| Verifier::new(name.parse().unwrap(), purpose, key).unwrap().id();
        assert_ne!(id("a", Purpose::Log), id("a", Purpose::Witness));
        assert_ne!(id("a", Purpose::Log), id("b", Purpose::Log));
    }

    #[test]
    fn the_private_half_is_not_printed() {
        assert!(!format!("{:?}", of_the_standard()).contains("3945208f"));
    }
}
