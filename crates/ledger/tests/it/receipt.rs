//! Receipts: what they prove, what they do not, and that nothing changed passes.

use ledger::{
    CanonicalError, ContentError, Entry, NotProved, ProofError, Proved, Receipt, ReceiptError,
    TrustError,
};
use proptest::prelude::*;

use crate::world::{at, content, flipped, keys, log_signer, receipts};

fn receipt() -> Receipt {
    receipts(300, 20).1.swap_remove(1)
}

#[test]
fn a_receipt_comes_back_and_says_what_it_proves() {
    let receipt = receipt();
    let text = receipt.to_text().unwrap();
    let read = Receipt::parse(text.as_bytes()).unwrap();
    assert_eq!(read, receipt);
    assert_eq!(Receipt::parse(format!("{text}\n").as_bytes()).unwrap(), receipt);

    let verdict = read.verify(&keys()).unwrap();
    let proved: Vec<&str> = verdict.proved.iter().map(Proved::key).collect();
    assert_eq!(proved, ["stood", "says-event", "shown", "files", "signed", "witnessed"]);
    let not_proved: Vec<&str> = verdict.not_proved.iter().map(NotProved::key).collect();
    assert_eq!(not_proved, ["truth", "clock", "files-at-hand", "later"]);
    assert_eq!(verdict.standing.require_other_side(), Ok(()));

    let zh: Vec<String> = verdict.proved.iter().map(Proved::zh).collect();
    assert_eq!(
        zh[0],
        "该记录是日志“liandong.hanzhong.example/2026”的第302条，日志共有323条记录时已在其中，此后未被改动"
    );
    assert_eq!(
        zh[1],
        "记录载明：事项019b7a1c-5c00-7000-8000-00000000002a的第2个事件，办理“serve”，\
         办理人为单位3的用户7，时间为2026年1月1日 08:00:02（北京时间）"
    );
    assert_eq!(
        verdict.not_proved[1].zh(),
        "不证明平台时钟准确；但据对方见证，记录不晚于2026年1月1日 10:30:00（北京时间）"
    );
    assert_eq!(
        verdict.proved[5].en(),
        "the witness jcy.hanzhong.example/witness (procuratorate, the other side) looked and cosigned \
         at 2026-01-01 10:30:00 (Beijing time): nothing it had seen before was changed"
    );
    for proved in &verdict.proved {
        assert!(!proved.zh().is_empty() && !proved.en().is_empty());
    }
    for not_proved in &verdict.not_proved {
        assert!(!not_proved.zh().is_empty() && !not_proved.en().is_empty());
    }
}

#[test]
fn what_is_kept_back_is_named_and_cannot_be_read() {
    let mut receipt = receipt();
    receipt.openings = content(2).open(|name| name.as_str() != "informant");
    assert!(!receipt.to_text().unwrap().contains("张某"));
    let verdict = receipt.verify(&keys()).unwrap();
    let hidden = NotProved::Hidden { names: vec!["informant".parse().unwrap()] };
    assert!(verdict.not_proved.contains(&hidden));
}

#[test]
fn without_the_other_side_the_receipt_says_what_that_means() {
    let mut receipt = receipt();
    let (log, _) = receipts(300, 20);
    receipt.checkpoint = log.checkpoint(&log_signer());
    let verdict = receipt.verify(&keys()).unwrap();
    assert!(verdict.not_proved.contains(&NotProved::OneHistory));
    assert!(verdict.not_proved.contains(&NotProved::Clock { not_after: None }));
    assert_eq!(verdict.standing.require_other_side(), Err(TrustError::NotWitnessed));
}

#[test]
fn each_lie_is_named() {
    let honest = receipt();
    let lie = |change: &dyn Fn(&mut Receipt)| {
        let mut lying = honest.clone();
        change(&mut lying);
        // A liar writes proper text.
        let read = Receipt::parse(lying.to_text().unwrap().as_bytes()).unwrap();
        read.verify(&keys()).unwrap_err()
    };
    let later = lie(&|receipt| {
        let Entry::Event(event) = &mut receipt.entry else { unreachable!() };
        event.at = at(5000);
    });
    assert!(matches!(later, ReceiptError::Proof(ProofError::OtherRoot)));
    let softened = lie(&|receipt| {
        let reason = receipt.openings.get_mut(&"reason".parse::<ledger::Label>().unwrap()).unwrap();
        reason.value = "无".into();
    });
    assert!(matches!(&softened, ReceiptError::Content(ContentError::Differs(_))));
    assert_eq!(softened.zh(), "出示的内容“reason”与当时记录的不一致");
    let invented = lie(&|receipt| {
        let opening = receipt.openings.values().next().unwrap().clone();
        receipt.openings.insert("bonus".parse().unwrap(), opening);
    });
    assert!(matches!(invented, ReceiptError::Content(ContentError::Unknown(_))));
    let moved = lie(&|receipt| receipt.index += 1);
    assert!(matches!(moved, ReceiptError::Proof(_)));
    let beyond = lie(&|receipt| receipt.index = 5000);
    assert!(matches!(beyond, ReceiptError::Proof(ProofError::NoSuchLeaf { .. })));
    let other_tree = lie(&|receipt| {
        receipt.checkpoint = receipts(300, 21).0.checkpoint(&log_signer());
    });
    assert!(matches!(other_tree, ReceiptError::Proof(_)));
}

#[test]
fn another_size_in_the_checkpoint_breaks_its_signature() {
    // The proof alone would not notice: two sizes can have proofs of one shape.
    let text = receipt().to_text().unwrap().replacen("\\n323\\n", "\\n324\\n", 1);
    let read = Receipt::parse(text.as_bytes()).unwrap();
    let error = read.verify(&keys()).unwrap_err();
    assert!(matches!(error, ReceiptError::Trust(TrustError::BadSignature { .. })));
    assert!(error.zh().contains("检查点或者签名有改动"));
}

#[test]
fn a_text_somebody_saved_anew_is_named_by_its_byte() {
    let text = receipt().to_text().unwrap();
    let pretty: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pretty = serde_json::to_string_pretty(&pretty).unwrap();
    let error = Receipt::parse(pretty.as_bytes()).unwrap_err();
    assert!(matches!(error, ReceiptError::Canonical(CanonicalError::NotCanonical { byte: 1 })));
    assert_eq!(error.zh(), "回执文本不是原样：从第2个字节起有改动，或者被其他软件重新保存过");
    assert!(matches!(
        Receipt::parse(text.replace("receipt/1", "receipt/2").as_bytes()),
        Err(ReceiptError::OtherVersion)
    ));
    assert!(Receipt::parse(format!("{text}\n\n").as_bytes()).is_err());
}

#[test]
fn a_receipt_under_other_keys_proves_nothing() {
    let other = ledger::Keys::new(
        "government".parse().unwrap(),
        crate::world::next_log_signer().verifier().clone(),
    )
    .unwrap();
    assert!(matches!(
        receipt().verify(&other),
        Err(ReceiptError::Trust(TrustError::NotSigned { .. }))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// One bit anywhere: in the signature line of a key nobody knows it would change nothing, but
    /// there is none here, so either the receipt is refused or it is no longer witnessed.
    #[test]
    fn a_flipped_bit_is_found(bit: prop::sample::Index) {
        let text = receipt().to_text().unwrap();
        let changed = flipped(text.as_bytes(), bit.index(text.len() * 8));
        let passes = Receipt::parse(&changed).and_then(|receipt| receipt.verify(&keys()));
        if let Ok(verdict) = passes {
            prop_assert!(verdict.standing.require_other_side().is_err());
        }
    }
}

#[test]
fn an_administrative_act_has_its_receipt_too() {
    let content = content(1);
    let entry = Entry::House(ledger::HouseAct {
        sequence: 1,
        actor: ledger::Actor { user: None, unit: None },
        action: "key.made".parse().unwrap(),
        at: at(3),
        content: content.commitments(),
        files: [].into(),
    });
    let mut log = crate::world::Log::of(9);
    let index = log.append(entry.leaf().unwrap());
    let receipt = Receipt {
        openings: content.open(|_| false),
        inclusion: log.inclusion(index),
        checkpoint: log.checkpoint(&log_signer()),
        rotations: Vec::new(),
        entry,
        index,
    };
    let read = Receipt::parse(receipt.to_text().unwrap().as_bytes()).unwrap();
    let verdict = read.verify(&keys()).unwrap();
    assert_eq!(
        verdict.proved[1].zh(),
        "记录载明：平台管理操作“key.made”，由平台自动记录，时间为2026年1月1日 08:00:03（北京时间）"
    );
    assert_eq!(
        verdict.not_proved.iter().map(NotProved::key).collect::<Vec<_>>(),
        ["truth", "clock", "one-history", "hidden", "later"]
    );
}

#[test]
fn every_refusal_is_told_in_words_people_read() {
    let text = receipt().to_text().unwrap();
    let told = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        Receipt::parse(changed.as_bytes())
            .and_then(|receipt| receipt.verify(&keys()))
            .unwrap_err()
            .zh()
    };
    assert_eq!(told("{", "["), "回执文本不完整或者不是回执");
    assert_eq!(told("receipt/1", "receipt/9"), "回执版本不同，本程序不能验证");
    assert_eq!(told("\"index\"", "\"indez\""), "回执缺少应有的内容或者含有不明内容");
    assert_eq!(told("entry/1", "entry/9"), "回执中的记录无法读取");
    assert_eq!(told("\\n— liandong", "\\n- liandong"), "回执中的检查点签名格式有误");
    assert_eq!(told("\\n323\\n", "\\n0323\\n"), "回执中的检查点无法读取");
    assert_eq!(told("\"urgent\":{", "\"urgenu\":{"), "出示的内容“urgenu”在记录中不存在");
    assert_eq!(
        told("\"checkpoint\":\"liandong.hanzhong", "\"checkpoint\":\"liandong.hanzhonx"),
        "检查点属于日志“liandong.hanzhonx.example/2026”，所给公钥属于日志“liandong.hanzhong.example/2026”"
    );
}
