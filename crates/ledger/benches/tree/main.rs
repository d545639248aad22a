//! How long the named things take, on one core. `cargo bench -p ledger`; nothing asserts a duration.
#![expect(clippy::print_stdout, reason = "a bench reports on the terminal")]

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use ledger::{
    Actor, Checkpoint, Content, Entry, Event, FileHash, Frontier, Hash, Head, Instant, Kept, Keys,
    Label, Plan, Purpose, Receipt, Seed, Signer, Tiles, rebuild,
};

/// How many leaves: what `docs/performance.md` asks for.
const LEAVES: u32 = 1_000_000;

/// How often the small things are done.
const TIMES: u32 = 2_000;

/// Bytes that are no secret, for keys that sign nothing.
struct Dice(u8);

impl rand_core::TryRng for Dice {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(u32::from(self.0))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(u64::from(self.0))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> {
        self.0 = self.0.wrapping_add(1);
        to.fill(self.0);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Dice {}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let text = entry(1)?.to_text()?;
    println!("an entry has {} bytes; {LEAVES} leaves; one core", text.len());

    let started = Clock::now();
    let frontier = rebuild((0..LEAVES).map(|_| &text))?;
    tell_all("tree from the bytes of entries", started.elapsed());
    black_box(frontier.root());

    let started = Clock::now();
    let mut frontier = Frontier::new();
    let mut kept: Vec<Kept> = Vec::new();
    for number in 0..LEAVES {
        frontier.append_keeping(Hash::leaf(&number.to_be_bytes()), &mut kept)?;
    }
    tell_all("tree from small leaves, keeping what is stored", started.elapsed());
    println!("  stored: {} hashes", kept.len());

    let started = Clock::now();
    let mut frontier = Frontier::new();
    for number in 0..LEAVES {
        frontier.append(entry(number)?.leaf()?)?;
    }
    tell_all("audit: events to entries (4 members each) to tree", started.elapsed());

    small(&kept)
}

/// Signatures, proofs, receipts.
fn small(kept: &[Kept]) -> Outcome<()> {
    let mut dice = Dice(0);
    let signer = Signer::generate("log.example".parse()?, Purpose::Log, &mut dice)?;
    let witness = Signer::generate("witness.example".parse()?, Purpose::Witness, &mut dice)?;
    let keys = Keys::new("government".parse()?, signer.verifier().clone())?
        .witness("procuratorate".parse()?, witness.verifier().clone())?;

    let signature = signer.sign(b"text")?;
    tell_each("SM2 signature", || Ok(_ = black_box(signer.sign(b"text")?)))?;
    tell_each("SM2 verification", || Ok(signer.verifier().verify(b"text", &signature)?))?;

    let size = u64::from(LEAVES);
    let plan = Plan::inclusion(size / 3, size)?;
    let stored: std::collections::BTreeMap<_, _> =
        kept.iter().map(|kept| (kept.place, kept.hash)).collect();
    let mut tiles = Tiles::new();
    for run in plan.runs() {
        let hashes = (run.start..run.start + u64::from(run.count))
            .filter_map(|index| stored.get(&ledger::Place { level: run.level, index }).copied());
        tiles.insert(*run, hashes.collect())?;
    }
    println!("  an inclusion proof reads {} runs", plan.runs().len());
    tell_each("inclusion proof, tiles read", || Ok(_ = black_box(plan.compute(&tiles)?)))?;

    let entry = entry(1)?;
    let frontier = rebuild([entry.to_text()?])?;
    let head = Head { size: 1, root: frontier.root() };
    let origin = signer.verifier().name().clone();
    let mut checkpoint =
        Checkpoint { origin, head, at: None, extensions: Vec::new() }.sign(&signer)?;
    checkpoint.cosign(&witness, Instant::from_seconds(1)?)?;
    let inclusion = Plan::inclusion(0, 1)?.compute(&Tiles::new())?;
    let openings = content(1)?.open(|_| true);
    let receipt =
        Receipt { entry, openings, index: 0, inclusion, checkpoint, rotations: Vec::new() };
    let text = receipt.to_text()?;
    tell_each("receipt, read and verified", || {
        Ok(_ = black_box(Receipt::parse(text.as_bytes())?.verify(&keys)?))
    })
}

fn tell_all(what: &str, took: Duration) {
    let rate = f64::from(LEAVES) / took.as_secs_f64();
    println!("{what}: {:.2} s, {rate:.0} leaves/s", took.as_secs_f64());
}

fn tell_each(what: &str, mut job: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    let started = Clock::now();
    for _ in 0..TIMES {
        job()?;
    }
    let each = started.elapsed() / TIMES;
    println!("{what}: {:.1} µs", each.as_secs_f64() * 1e6);
    Ok(())
}

fn content(number: u32) -> Outcome<Content> {
    let members = [
        ("informant", "张某".into()),
        ("place", serde_json::json!({ "division": "610702", "name": "褒河右岸" })),
        ("reason", "巡查发现排污口，水体发黑，需进一步核实来源".into()),
        ("urgent", number.is_multiple_of(2).into()),
    ];
    let mut seed = [0; 16];
    seed.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    let members = members
        .into_iter()
        .filter_map(|(name, value)| name.parse::<Label>().ok().map(|name| (name, value)));
    Ok(Content::new(Seed(seed), members)?)
}

fn entry(number: u32) -> Outcome<Entry> {
    let matter: Label = format!("019b7a1c-5c00-7000-8000-{number:012x}").parse()?;
    Ok(Entry::Event(Event {
        root: matter.clone(),
        matter,
        sequence: 1,
        procedure: "suggestion".parse()?,
        version: "2021-07-01".parse()?,
        actor: Actor { user: Some(7), unit: Some(3) },
        action: "serve".parse()?,
        at: Instant::from_seconds(1_767_225_600)?,
        content: content(number)?.commitments(),
        files: [FileHash::Sha256([0xab; 32])].into(),
    }))
}
