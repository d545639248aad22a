//! What OpenSSL 3.0 made is read here: a committed example, so that the test needs no OpenSSL.
//!
//! ```text
//! openssl genpkey -algorithm SM2 -out key.pem
//! openssl pkey -in key.pem -pubout -out public.pem
//! printf 'liandong 联动\n' > message
//! openssl dgst -sm3 -sign key.pem -sigopt distid:1234567812345678 -out signature.der message
//! ```

use ledger::{KeyError, Purpose, Signature, Signer, Verifier};

const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgRiiMhbaM6X5CDwgy
O8HNKWtt2tULWqJebzgkrgOgNlChRANCAAQkC8b7YrWgKI+R7+GNL5JGU0wrydr7
BFyrWjY8pSZNzWVlF1hWRnneDoManxuiOAPHb0kVUnOr20KL3rCwdXQe
-----END PRIVATE KEY-----
";

const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEJAvG+2K1oCiPke/hjS+SRlNMK8na
+wRcq1o2PKUmTc1lZRdYVkZ53g6DGp8bojgDx29JFVJzq9tCi96wsHV0Hg==
-----END PUBLIC KEY-----
";

/// r and s of signature.der, each to 32 bytes.
const SIGNATURE: &str = "ffc9129e740f24927bc9c09c412e2c6677dec93a6891bfd5a5cf4e88a58d2ded\
                         3162d735fad52cc5702bba5b21f470702b2fbfa07514f4e2147a1db81afa3255";

const MESSAGE: &[u8] = "liandong 联动\n".as_bytes();

#[test]
fn the_keys_of_openssl_are_ours_to_the_byte() {
    let signer = Signer::from_pkcs8_pem("n".parse().unwrap(), Purpose::Log, KEY).unwrap();
    assert_eq!(signer.to_pkcs8_pem().unwrap(), KEY);
    assert_eq!(signer.verifier().to_spki_pem().unwrap(), PUBLIC);
}

#[test]
fn a_signature_of_openssl_verifies() {
    let verifier = Verifier::from_spki_pem("n".parse().unwrap(), Purpose::Log, PUBLIC).unwrap();
    let signature: Signature = serde_json::from_value(SIGNATURE.into()).unwrap();
    assert_eq!(verifier.verify(MESSAGE, &signature), Ok(()));
    assert!(verifier.verify(b"liandong", &signature).is_err());
}

/// The same key in SEC 1, as `openssl ec` writes it.
const TRADITIONAL: &str = "-----BEGIN SM2 PRIVATE KEY-----
MHcCAQEEIEYojIW2jOl+Qg8IMjvBzSlrbdrVC1qiXm84JK4DoDZQoAoGCCqBHM9V
AYItoUQDQgAEJAvG+2K1oCiPke/hjS+SRlNMK8na+wRcq1o2PKUmTc1lZRdYVkZ5
3g6DGp8bojgDx29JFVJzq9tCi96wsHV0Hg==
-----END SM2 PRIVATE KEY-----
";

#[test]
fn a_key_is_read_in_every_form_openssl_writes_it() {
    let parameters =
        "-----BEGIN SM2 PARAMETERS-----\nBggqgRzPVQGCLQ==\n-----END SM2 PARAMETERS-----\n";
    let usual = TRADITIONAL.replace("SM2 PRIVATE", "EC PRIVATE");
    for pem in
        [KEY, TRADITIONAL, &usual, &format!("{parameters}{KEY}"), &format!("{parameters}{usual}")]
    {
        let signer = Signer::from_pem("n".parse().unwrap(), Purpose::Log, pem).unwrap();
        assert_eq!(signer.to_pkcs8_pem().unwrap(), KEY);
    }
    let encrypted = KEY.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for pem in [&encrypted, PUBLIC, parameters, ""] {
        let refused = Signer::from_pem("n".parse().unwrap(), Purpose::Log, pem);
        assert_eq!(refused.err(), Some(KeyError::NotAPrivateKey));
    }
}
