//! What was filled in: read field by field, every fault told at once.

use std::collections::BTreeMap;

use calendar::OutOfForce;

use super::may::broken;
use super::{Course, TITLE_CHARS_MAX, WORDS_CHARS_MAX};
use crate::definition::{Action, Bound, Field, Party, Procedure, Side};
use crate::guard::Guard;
use crate::id::UnitId;
use crate::matter::Matter;
use crate::refusal::{Refusal, Why};
use crate::value::{self, FieldError, LawDays, Raw, Value};

impl Course<'_> {
    pub(super) fn read_party(
        &self,
        party: &Party,
        given: &[String],
    ) -> Result<Vec<UnitId>, FieldError> {
        let field = format!("party.{}", party.id);
        let mut units = Vec::new();
        for text in given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            let unit = self.world.directory.find(text).ok_or_else(|| {
                FieldError::new(
                    &field,
                    format!("没有名为“{text}”的单位，请从列表中选择"),
                    format!("there is no unit “{text}”; choose one from the list"),
                )
            })?;
            self.fits_side(party, unit)
                .map_err(|words| FieldError { field: field.clone(), words })?;
            if !units.contains(&unit) {
                units.push(unit);
            }
        }
        if units.len() > 1 && !party.many {
            return Err(FieldError::new(&field, "只能选择一个单位", "choose one unit only"));
        }
        Ok(units)
    }

    pub(super) fn fits_side(&self, party: &Party, unit: UnitId) -> Result<(), calendar::Words> {
        let side = self.world.directory.unit(unit).map(|unit| unit.side);
        match party.side {
            Some(wanted) if side != Some(wanted) => {
                let (zh, en) = match wanted {
                    Side::Government => ("行政机关", "an administrative agency"),
                    Side::Procuratorate => ("检察机关", "a procuratorate"),
                    Side::Court => ("法院", "a court"),
                };
                Err(calendar::Words {
                    zh: format!("{}应为{zh}", party.name.zh),
                    en: format!("the {} must be {en}", party.name.en),
                })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn read_input(
        &self,
        procedure: &Procedure,
        action: &Action,
        matter: &Matter,
        raw: &Raw,
    ) -> Result<BTreeMap<String, Value>, Refusal> {
        let law = self.world.rules.law();
        let mut input = BTreeMap::new();
        let mut errors = Vec::new();
        for id in action.fields() {
            let Some(field) = procedure.field(id) else { continue };
            let given = raw.get(id).map_or(&[][..], Vec::as_slice);
            match value::read(field, given, self.world.directory, law, self.today) {
                Ok(Some(value)) => drop(input.insert(id.clone(), value)),
                // An unticked box sends nothing: that is its "no".
                Ok(None) if field.kind == crate::file::FieldKind::Boolean => {
                    input.insert(id.clone(), Value::Boolean(false));
                }
                Ok(None) if action.input.contains(id) => errors.push(missing(&field.label, id)),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        let preview = with_fields(matter, &input);
        for rule in &action.required_when {
            let needed = rule
                .when
                .as_ref()
                .is_none_or(|when| when.holds(&preview, &self.family, self.today));
            let faulty = errors.iter().any(|error| error.field == rule.used);
            if needed && !input.contains_key(&rule.used) && !faulty {
                let label = procedure.field(&rule.used).map(|field| field.label.clone());
                errors.push(missing(&label.unwrap_or_default(), &rule.used));
            }
        }
        for (id, value) in &input {
            let Some(field) = procedure.field(id) else { continue };
            errors.extend(out_of_bounds(procedure, field, value, &preview));
            if let Value::Articles(cited) = value {
                let days = LawDays::of(field, &preview.fields, self.today);
                let outdated = cited.iter().filter_map(|article| days.refusal(article, law));
                errors.extend(outdated.map(|out| out_of_force(procedure, field, days, &out)));
            }
            if let (Value::Unit(unit), Some(party)) = (value, procedure.parties.get(id))
                && let Err(words) = self.fits_side(party, *unit)
            {
                errors.push(FieldError { field: id.clone(), words });
            }
        }
        if errors.is_empty() { Ok(input) } else { Err(Refusal::of_fields(errors)) }
    }

    /// Whether what a draft cites may still be cited on the day it takes effect.
    pub(super) fn law_still_applies(
        &self,
        procedure: &Procedure,
        input: &BTreeMap<String, Value>,
        preview: &Matter,
    ) -> Result<(), Refusal> {
        let law = self.world.rules.law();
        let outdated = input.iter().find_map(|(id, value)| {
            let (field, Value::Articles(cited)) = (procedure.field(id)?, value) else {
                return None;
            };
            let days = LawDays::of(field, &preview.fields, self.today);
            cited.iter().find_map(|article| days.refusal(article, law))
        });
        match outdated {
            Some(out) => {
                let words = out.words();
                Err(Refusal::new(
                    Why::Condition,
                    format!("{}；请退回修改后重新报批", words.zh),
                    format!("{}; send it back to be mended", words.en),
                ))
            }
            None => Ok(()),
        }
    }

    pub(super) fn conditions(&self, action: &Action, preview: &Matter) -> Result<(), Refusal> {
        let fails = |must: &Guard| !must.holds(preview, &self.family, self.today);
        match action.guards.iter().find(|condition| fails(&condition.must)) {
            Some(condition) => Err(broken(condition)),
            None => Ok(()),
        }
    }
}

/// A day before or after what another field says.
fn out_of_bounds(
    procedure: &Procedure,
    field: &Field,
    value: &Value,
    preview: &Matter,
) -> Option<FieldError> {
    let day = value.day()?;
    let of = |bound: &Option<Bound>| match bound {
        Some(Bound::Field(other)) => {
            let label = &procedure.field(other)?.label;
            Some((preview.fields.get(other)?.day()?, label))
        }
        Some(Bound::Day(_)) | None => None,
    };
    if let Some((earliest, label)) = of(&field.not_before).filter(|(first, _)| day < *first) {
        return Some(FieldError::new(
            &field.id,
            format!("不能早于“{}”（{earliest}）", label.zh),
            format!("must not lie before “{}” ({earliest})", label.en),
        ));
    }
    let (latest, label) = of(&field.not_after).filter(|(last, _)| day > *last)?;
    Some(FieldError::new(
        &field.id,
        format!("不能晚于“{}”（{latest}）", label.zh),
        format!("must not lie after “{}” ({latest})", label.en),
    ))
}

/// An article that does not apply; where only the day of the conduct is missing, that is said too.
fn out_of_force(
    procedure: &Procedure,
    field: &Field,
    days: LawDays,
    out: &OutOfForce,
) -> FieldError {
    let mut words = out.words();
    let asked = field.conduct_on.as_ref().and_then(|id| procedure.field(id));
    if let Some(conduct) = asked.filter(|_| days.conduct.is_none() && out.until.is_some()) {
        let label = &conduct.label;
        let (zh, en) = (&label.zh, &label.en);
        words = calendar::Words {
            zh: format!("{}。引用行为发生时的法律，应填写“{zh}”", words.zh),
            en: format!("{}; to cite the law of an earlier conduct, fill in “{en}”", words.en),
        };
    }
    FieldError { field: field.id.clone(), words }
}

pub(super) fn read_title(
    given: &str,
    parent: Option<&Matter>,
    errors: &mut Vec<FieldError>,
) -> String {
    let title = given.trim();
    let title = match parent {
        Some(parent) if title.is_empty() => &parent.title,
        _ => title,
    };
    let length = title.chars().count();
    if length == 0 {
        errors.push(FieldError::new("title", "请填写标题", "give it a title"));
    } else if length > TITLE_CHARS_MAX || title.contains(char::is_control) {
        errors.push(FieldError::new(
            "title",
            format!("标题最多 {TITLE_CHARS_MAX} 字，不能换行；现有 {length} 字"),
            format!(
                "a title has at most {TITLE_CHARS_MAX} characters on one line; there are {length}"
            ),
        ));
    }
    title.to_owned()
}

pub(super) fn missing(label: &calendar::Words, id: &str) -> FieldError {
    FieldError::new(id, format!("请填写“{}”", label.zh), format!("“{}” is needed", label.en))
}

pub(super) fn written(field: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 {
        let error = FieldError::new(field, "请写明理由", "say why");
        return Err(Refusal::of_fields(vec![error]));
    }
    if length > WORDS_CHARS_MAX {
        let error = FieldError::new(
            field,
            format!("最多 {WORDS_CHARS_MAX} 字，现有 {length} 字"),
            format!("at most {WORDS_CHARS_MAX} characters; there are {length}"),
        );
        return Err(Refusal::of_fields(vec![error]));
    }
    Ok(text.to_owned())
}

pub(super) fn with_fields(matter: &Matter, input: &BTreeMap<String, Value>) -> Matter {
    let mut preview = matter.clone();
    preview.fields.extend(input.clone());
    preview
}
