//! Passwords: which are accepted, and how they are kept.
//!
//! Only an argon2id hash is kept. Hashing takes some 50 ms of a core on purpose and runs on threads
//! that may block, a few at a time, so that a storm of sign-ins cannot take the machine's memory.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use procedure::FieldError;
use tokio::sync::Semaphore;

use crate::randomness::{NoRandomness, Randomness};

/// Shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password, in characters; a bound on what is hashed, not a rule for people.
pub const PASSWORD_CHARS_MAX: usize = 200;
/// Fewest different characters.
const PASSWORD_KINDS_MIN: usize = 4;

/// `data/passwords/commonest.txt`: passwords that are tried first, of those long enough.
const COMMONEST: &str = include_str!("../../../data/passwords/commonest.txt");

/// `data/passwords/context.txt`: words anybody would try here first, in small letters.
const CONTEXT: &str = include_str!("../../../data/passwords/context.txt");

/// Memory one hash takes, in KiB: OWASP's first choice for argon2id, about 50 ms of a core.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 3;
/// How many hashes may be reckoned at once.
const HASHES_AT_ONCE: usize = 4;

/// What is wrong with a password a person chose; the field is the form's name for it.
///
/// The rules are length, not being the login name, not being among the commonest, and not being made
/// of words of this platform with digits and signs. There is no rule about kinds of characters: such
/// rules make passwords worse, not better.
#[must_use]
pub fn password_problem(field: &str, password: &str, login_name: &str) -> Option<FieldError> {
    let length = password.chars().count();
    if length < PASSWORD_CHARS_MIN {
        return Some(FieldError::new(
            field,
            format!("密码至少 {PASSWORD_CHARS_MIN} 个字符，可用一句话作密码"),
            format!("at least {PASSWORD_CHARS_MIN} characters; a whole phrase will do"),
        ));
    }
    if length > PASSWORD_CHARS_MAX {
        return Some(FieldError::new(
            field,
            format!("密码不得超过 {PASSWORD_CHARS_MAX} 个字符"),
            format!("at most {PASSWORD_CHARS_MAX} characters"),
        ));
    }
    let lower = password.to_lowercase();
    let login = login_name.trim().to_lowercase();
    if !login.is_empty() && is_login_in_disguise(&lower, &login) {
        return Some(FieldError::new(
            field,
            "密码不得与登录名相同或只是重复登录名",
            "the password may not be the login name or repeat it",
        ));
    }
    let kinds: BTreeSet<char> = lower.chars().collect();
    if commonest().contains(lower.as_str()) || kinds.len() < PASSWORD_KINDS_MIN {
        return Some(FieldError::new(
            field,
            "该密码过于常见，容易被猜中，请另设",
            "this password is among the first to be guessed; choose another",
        ));
    }
    if is_made_of_context(&lower) {
        return Some(FieldError::new(
            field,
            "密码不得只由本平台常用词语（如“检察院”“环保”“liandong”）加数字、符号组成",
            "the password may not be made of this platform's own words with digits and signs only",
        ));
    }
    None
}

/// Nothing but words of the context, at least one, with digits and signs.
fn is_made_of_context(password: &str) -> bool {
    static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
        let mut words: Vec<_> = CONTEXT.lines().collect();
        // The longer first, or a part would be cut out of the whole.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words
    });
    let mut rest = password.to_owned();
    for word in &*WORDS {
        rest = rest.replace(word, " ");
    }
    rest != password && !rest.chars().any(char::is_alphabetic)
}

/// The login name once, several times, or with only digits after it.
fn is_login_in_disguise(password: &str, login: &str) -> bool {
    let mut rest = password;
    while let Some(after) = rest.strip_prefix(login) {
        rest = after;
    }
    rest.len() < password.len() && rest.chars().all(|one| one.is_ascii_digit())
}

fn commonest() -> &'static BTreeSet<&'static str> {
    static LIST: LazyLock<BTreeSet<&str>> = LazyLock::new(|| COMMONEST.lines().collect());
    &LIST
}

/// Makes and checks the hashes of passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    randomness: Arc<dyn Randomness>,
    /// A hash nobody's password makes: checked for unknown users, so that the time taken tells nothing.
    nobody: Arc<str>,
    reckoned: Arc<AtomicU64>,
}

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// No random bytes for the salt.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The hash function refused.
    #[error("hash a password: {0}")]
    Hash(String),
    /// The thread that hashed was stopped.
    #[error("hash a password: the thread was stopped")]
    Stopped,
}

impl Passwords {
    /// With the cost for service.
    ///
    /// # Errors
    /// [`PasswordError::Randomness`] when the machine gives no random bytes.
    pub fn new(randomness: Arc<dyn Randomness>) -> Result<Self, PasswordError> {
        Self::with_cost(randomness, MEMORY_KIB, PASSES)
    }

    /// With so little cost that thousands can be made: for tests and for the demo's people only.
    ///
    /// # Errors
    /// As [`Passwords::new`].
    pub fn cheap(randomness: Arc<dyn Randomness>) -> Result<Self, PasswordError> {
        Self::with_cost(randomness, Params::MIN_M_COST, 1)
    }

    fn with_cost(
        randomness: Arc<dyn Randomness>,
        memory_kib: u32,
        passes: u32,
    ) -> Result<Self, PasswordError> {
        let params = Params::new(memory_kib, passes, 1, None)
            .map_err(|error| PasswordError::Hash(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut nobody = [0_u8; 32];
        randomness.fill(&mut nobody)?;
        let nobody = hash_now(&argon2, &nobody, randomness.as_ref())?.into();
        let turns = Arc::new(Semaphore::new(HASHES_AT_ONCE));
        Ok(Self { argon2, turns, randomness, nobody, reckoned: Arc::default() })
    }

    /// The hash of a password, with its salt and cost, in the PHC form `$argon2id$v=19$…`.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = password.to_owned();
        let this = self.clone();
        self.in_turn(move || hash_now(&this.argon2, password.as_bytes(), this.randomness.as_ref()))
            .await?
    }

    /// Whether the password makes that hash. With no hash (nobody of that name) it takes as long and
    /// answers no.
    ///
    /// # Errors
    /// [`PasswordError::Stopped`].
    pub async fn matches(&self, password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
        let known = hash.is_some();
        let hash: String = hash.unwrap_or(&self.nobody).to_owned();
        let password = password.to_owned();
        let argon2 = self.argon2.clone();
        let matches = self
            .in_turn(move || {
                PasswordHash::new(&hash)
                    .is_ok_and(|hash| argon2.verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(matches && known)
    }

    /// Whether a hash was made with another cost than today's and should be made anew at sign-in.
    #[must_use]
    pub fn is_outdated(&self, hash: &str) -> bool {
        PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok()).is_none_or(
            |params| {
                params.m_cost() < self.argon2.params().m_cost()
                    || params.t_cost() < self.argon2.params().t_cost()
            },
        )
    }

    /// How many hashes have been reckoned: what a sign-in costs, told without a clock.
    #[must_use]
    pub fn reckoned(&self) -> u64 {
        self.reckoned.load(Ordering::Relaxed)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn =
            Arc::clone(&self.turns).acquire_owned().await.map_err(|_| PasswordError::Stopped)?;
        self.reckoned.fetch_add(1, Ordering::Relaxed);
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|_| PasswordError::Stopped)
    }
}

fn hash_now(
    argon2: &Argon2<'_>,
    password: &[u8],
    randomness: &dyn Randomness,
) -> Result<String, PasswordError> {
    let mut salt = [0_u8; 16];
    randomness.fill(&mut salt)?;
    argon2
        .hash_password_with_salt(password, &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| PasswordError::Hash(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::SystemRandomness;

    fn problem(password: &str) -> Option<String> {
        password_problem("password", password, "liming").map(|error| error.words.en)
    }

    #[test]
    fn a_phrase_of_any_characters_will_do() {
        for good in [
            "correct horse battery",
            "凤翔的水今年很清很清",
            "river-mountain-7",
            "检察院门口的银杏黄了",
        ] {
            assert_eq!(problem(good), None, "{good}");
        }
    }

    #[test]
    fn short_common_and_copied_passwords_are_refused() {
        for (bad, why) in [
            ("", "at least 10"),
            ("短短的密码", "at least 10"),
            ("1234567890", "first to be guessed"),
            ("Password123", "first to be guessed"),
            ("aaaaaaaaaaaa", "first to be guessed"),
            ("121212121212", "first to be guessed"),
            ("LiMing2024", "login name"),
            ("limingliming", "login name"),
            ("检察院公益诉讼@2026", "own words"),
            ("Liandong#2026!", "own words"),
            ("hbj-hanzhong-2026", "own words"),
        ] {
            assert!(problem(bad).unwrap().contains(why), "{bad}");
        }
        assert!(problem(&"长".repeat(201)).unwrap().contains("at most"));
    }

    #[test]
    fn the_list_holds_only_what_the_other_rules_let_through() {
        assert!(commonest().len() >= 3_000, "so many at least, says OWASP");
        for common in commonest() {
            assert!(common.chars().count() >= PASSWORD_CHARS_MIN, "{common}");
            assert_eq!(common.to_lowercase(), **common);
        }
    }

    #[tokio::test]
    async fn only_the_password_itself_makes_its_hash() {
        let passwords = Passwords::cheap(Arc::new(SystemRandomness)).unwrap();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert!(passwords.matches("correct horse battery", Some(&hash)).await.unwrap());
        assert!(!passwords.matches("correct horse batterz", Some(&hash)).await.unwrap());
        assert!(!passwords.matches("correct horse battery", None).await.unwrap());
        assert!(!passwords.matches("x", Some("not a hash")).await.unwrap());
        assert_ne!(hash, passwords.hash("correct horse battery").await.unwrap(), "salted");
    }

    #[tokio::test]
    async fn a_hash_of_less_cost_is_outdated() {
        let cheap = Passwords::cheap(Arc::new(SystemRandomness)).unwrap();
        let dear = Passwords::new(Arc::new(SystemRandomness)).unwrap();
        let hash = cheap.hash("correct horse battery").await.unwrap();
        assert!(dear.is_outdated(&hash));
        assert!(!cheap.is_outdated(&hash));
        assert!(dear.matches("correct horse battery", Some(&hash)).await.unwrap());
    }
}
