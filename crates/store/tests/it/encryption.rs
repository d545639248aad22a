//! The encryption of connections to PostgreSQL.

use store::Database;

/// The cluster's address and the certificate it is to be trusted by; none without PostgreSQL.
fn cluster() -> Option<(String, String)> {
    let told = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    Some((told("LIANDONG_TEST_POSTGRES")?, told("LIANDONG_TEST_POSTGRES_AUTHORITY")?))
}

async fn is_encrypted(url: &str) -> bool {
    const SQL: &str = "select count(*) from pg_stat_ssl where pid = pg_backend_pid() and ssl";
    let database = Database::open(url).await.unwrap();
    database.read().await.unwrap().one::<i64>(SQL, &[]).await.unwrap() == Some(1)
}

#[tokio::test]
async fn a_connection_is_encrypted_when_the_address_asks_for_it() {
    let Some((url, authority)) = cluster() else { return };
    assert!(!is_encrypted(&url).await);
    assert!(is_encrypted(&format!("{url}?sslmode=require&sslrootcert={authority}")).await);
}

#[tokio::test]
async fn a_server_whose_certificate_is_not_trusted_is_not_spoken_to() {
    let Some((url, _)) = cluster() else { return };
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("other-authority.pem");
    std::fs::write(&path, other.cert.pem()).unwrap();
    let asked = format!("{url}?sslmode=require&sslrootcert={}", path.display());
    let Err(error) = Database::open(&asked).await else { panic!("it was trusted") };
    let mut words = error.to_string();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while let Some(because) = cause {
        words.push_str(&because.to_string());
        cause = because.source();
    }
    assert!(words.contains("certificate"), "{words}");
}
