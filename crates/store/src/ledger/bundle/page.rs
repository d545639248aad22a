//! The page of a bundle that people read: plain, without script, in both languages.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use calendar::Words;
use procedure::definition::Procedure;
use procedure::{Matter, Rules, UnitId, Value, What};

use ::ledger::{Checkpoint, Instant};

use crate::directory::Directory;
use crate::ledger::bundle::{Enclosed, Packed, PackedMatter, Shown, fields};

/// What the page is made from.
pub(super) struct Page<'a> {
    pub(super) rules: &'a Rules,
    pub(super) directory: &'a Directory,
    pub(super) asked: &'a Matter,
    pub(super) matters: &'a [PackedMatter],
    pub(super) attachments: &'a BTreeMap<String, Shown>,
    pub(super) documents: &'a [Enclosed],
    pub(super) withheld: usize,
    pub(super) checkpoint: &'a Checkpoint,
    pub(super) at: Instant,
}

const STYLE: &str = "body{font:16px/1.6 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}\
table{border-collapse:collapse;width:100%}td,th{border:1px solid #999;padding:.3em .5em;\
text-align:left;vertical-align:top}code{overflow-wrap:anywhere}.en{color:#555}dl{margin:0}dt{font-weight:bold}";

impl Page<'_> {
    pub(super) fn html(&self) -> String {
        let mut html = String::new();
        let (number, title) = (escaped(&self.asked.number), escaped(&self.asked.title));
        let _ = write!(
            html,
            "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'\">\n\
             <title>{number} {title}</title>\n<style>{STYLE}</style>\n<h1>{number} {title}</h1>\n"
        );
        let at = self.at;
        paragraph(
            &mut html,
            &format!("导出时间：{}。{}", at.zh(), self.checkpoint.minutes_zh()),
            &format!("Exported {}. {}", at.en(), self.checkpoint.minutes_en()),
        );
        paragraph(
            &mut html,
            "本页供阅读；证明效力来自同目录的回执与清单。核对方法：liandong verify 本文件.zip --keys keys.txt，\
             公钥清单 keys.txt 应当另行从日志方和见证方取得。",
            "This page is for reading; what proves is the receipts and the manifest beside it. To check: \
             liandong verify THIS.zip --keys keys.txt, with the list of keys from the log's side and the \
             witness's side, not from here.",
        );
        if self.withheld > 0 {
            let kept = self.withheld;
            paragraph(
                &mut html,
                &format!("导出人无权查看的记录和附件共 {kept} 项，未列入。"),
                &format!(
                    "{kept} event(s) and attachment(s) the exporter may not see are kept back."
                ),
            );
        }
        for matter in self.matters {
            self.matter(&mut html, matter);
        }
        html.push_str("</html>\n");
        html
    }

    fn matter(&self, html: &mut String, packed: &PackedMatter) {
        let matter = &packed.matter;
        let procedure = self.rules.of(matter);
        let id = Words::new(matter.procedure.clone(), matter.procedure.clone());
        let name = procedure.map_or(&id, |procedure| &procedure.name);
        let _ = write!(
            html,
            "<h2>{} {} <span class=\"en\">{}</span></h2>\n<table>\n<tr><th>序号 No.<th>时间 Time\
             <th>单位 Unit<th>办理 What<th>内容 Content<th>回执 Receipt\n",
            escaped(&name.zh),
            escaped(&matter.number),
            escaped(&name.en)
        );
        for event in &packed.events {
            self.event(html, procedure, event);
        }
        html.push_str("</table>\n");
        self.documents(html, matter);
        self.custody(html, procedure, packed);
    }

    /// The documents of a matter.
    fn documents(&self, html: &mut String, matter: &Matter) {
        let own: Vec<_> = self.documents.iter().filter(|it| it.matter == matter.id).collect();
        if own.is_empty() {
            return;
        }
        html.push_str("<h3>文书 <span class=\"en\">Documents</span></h3>\n<ul>\n");
        for document in own {
            let (zh, en) = (escaped(&document.name.zh), escaped(&document.name.en));
            let (path, shown) = (link(&document.path), escaped(&document.path));
            let _ = writeln!(
                html,
                "<li>{zh} <span class=\"en\">{en}</span>: <a href=\"{path}\">{shown}</a>"
            );
        }
        html.push_str("</ul>\n");
    }

    /// Who put which file there and who named it, act by act (证据材料流转).
    fn custody(&self, html: &mut String, procedure: Option<&Procedure>, packed: &PackedMatter) {
        let mut rows = String::new();
        for event in packed.events.iter().map(|packed| &packed.seen.event) {
            let at = Instant::try_from(event.at).map_or_else(|_| event.at.to_string(), Instant::zh);
            let unit = event.by.unit.map_or_else(|| "平台 platform".to_owned(), |it| self.unit(it));
            let what = what(procedure, &event.what);
            for (id, value) in fields(&event.what).into_iter().flatten() {
                let Value::Files(files) = value else { continue };
                for file in files {
                    let name = escaped(&file.name);
                    let name = match self.attachments.get(&file.sha256) {
                        Some(shown) => format!("<a href=\"{}\">{name}</a>", link(&shown.path)),
                        None => name,
                    };
                    let _ = writeln!(
                        rows,
                        "<tr><td>{name}<td>{}<td>{}<td>{}<td>{}<br><span class=\"en\">{}</span><td>{}<td>\
                         <code>{}</code>",
                        label(procedure, id),
                        escaped(&at),
                        escaped(&unit),
                        escaped(&what.zh),
                        escaped(&what.en),
                        file.size_bytes,
                        escaped(&file.sha256),
                    );
                }
            }
        }
        if !rows.is_empty() {
            let _ = write!(
                html,
                "<h3>证据材料流转 <span class=\"en\">Custody</span></h3>\n<table>\n<tr><th>文件 File\
                 <th>用途 As<th>时间 Time<th>单位 Unit<th>办理 What<th>字节 Bytes<th>SHA-256\n{rows}</table>\n"
            );
        }
    }

    fn event(&self, html: &mut String, procedure: Option<&Procedure>, packed: &Packed) {
        let event = &packed.seen.event;
        let at = Instant::try_from(event.at).map_or_else(|_| event.at.to_string(), Instant::zh);
        let unit = event.by.unit.map_or_else(|| "平台 platform".to_owned(), |unit| self.unit(unit));
        let what = what(procedure, &event.what);
        let _ = write!(
            html,
            "<tr><td>{}<td>{}<td>{}<td>{}<br><span class=\"en\">{}</span><td><dl>",
            event.number,
            escaped(&at),
            escaped(&unit),
            escaped(&what.zh),
            escaped(&what.en)
        );
        for (id, value) in fields(&event.what).into_iter().flatten() {
            let _ = write!(html, "<dt>{}<dd>", label(procedure, id));
            self.value(html, procedure, id, value);
        }
        for id in &packed.seen.masked {
            let _ = write!(html, "<dt>{}<dd>〔已脱敏 kept back〕", label(procedure, id));
        }
        let path = escaped(&packed.receipt_path);
        let _ = writeln!(html, "</dl><td><a href=\"{path}\">{path}</a>");
    }

    fn value(&self, html: &mut String, procedure: Option<&Procedure>, id: &str, value: &Value) {
        match value {
            Value::Files(files) => {
                for file in files {
                    match self.attachments.get(&file.sha256) {
                        Some(shown) => {
                            let name = escaped(&shown.name);
                            let _ = write!(html, "<a href=\"{}\">{name}</a> ", link(&shown.path));
                        }
                        None => html.push_str(&escaped(&file.name)),
                    }
                }
            }
            Value::Unit(unit) => html.push_str(&escaped(&self.unit(*unit))),
            Value::Choices(_) | Value::Text(_) => {
                let field = procedure.and_then(|procedure| procedure.field(id));
                let shown: Vec<String> =
                    value.written().iter().map(|one| choice(field, one)).collect();
                html.push_str(&escaped(&shown.join("；")));
            }
            Value::Instant(at) => {
                let at = Instant::try_from(*at).map_or_else(|_| at.to_string(), Instant::zh);
                html.push_str(&escaped(&at));
            }
            Value::Boolean(truth) => html.push_str(if *truth { "是 yes" } else { "否 no" }),
            other => html.push_str(&escaped(&other.written().join("；"))),
        }
    }

    fn unit(&self, unit: UnitId) -> String {
        self.directory.name(unit)
    }
}

/// An option of a choice in words; any other text as it is.
fn choice(field: Option<&procedure::definition::Field>, value: &str) -> String {
    let option = field.and_then(|field| field.options.iter().find(|option| option.id == value));
    option.map_or_else(|| value.to_owned(), |option| option.words.zh.clone())
}

fn label(procedure: Option<&Procedure>, id: &str) -> String {
    let field = procedure.and_then(|procedure| procedure.field(id));
    field.map_or_else(
        || escaped(id),
        |field| {
            let (zh, en) = (escaped(&field.label.zh), escaped(&field.label.en));
            format!("{zh} <span class=\"en\">{en}</span>")
        },
    )
}

fn paragraph(html: &mut String, zh: &str, en: &str) {
    let (zh, en) = (escaped(zh), escaped(en));
    let _ = writeln!(html, "<p>{zh}<br><span class=\"en\" lang=\"en\">{en}</span></p>");
}

/// What happened, by the names the procedure gives.
fn what(procedure: Option<&Procedure>, what: &What) -> Words {
    let action = |id: &str| {
        let action = procedure.and_then(|procedure| procedure.action(id));
        action.map_or_else(|| Words::new(id, id), |action| action.name.clone())
    };
    let owed = |number: u32| Words::new(format!("第 {number} 项"), format!("no. {number}"));
    let of = |zh: &str, en: &str, about: &Words| {
        Words::new(format!("{zh}：{}", about.zh), format!("{en}: {}", about.en))
    };
    match what {
        What::Opened(_) => {
            let name = procedure.map(|procedure| procedure.open.name.clone());
            name.unwrap_or_else(|| Words::new("登记", "opened"))
        }
        What::Proposed(proposal) => of("呈批", "drafted", &action(&proposal.action)),
        What::Approved { .. } => Words::new("批准，转下一级", "approved; the next step waits"),
        What::Returned { reason } => of("退回", "sent back", &Words::new(reason, reason)),
        What::TakenBack => Words::new("撤回呈批", "the draft was taken back"),
        What::Acted(act) => action(&act.action),
        What::Joined { party, .. } => {
            let name = procedure.and_then(|procedure| procedure.parties.get(party));
            let id = Words::new(party, party);
            of("单位加入", "a unit joined", name.map_or(&id, |party| &party.name))
        }
        What::Shown { .. } => Words::new("向更多单位开放查看", "shown to more units"),
        What::Started(obligation) => {
            let kind = procedure.and_then(|procedure| procedure.obligation(&obligation.kind));
            let id = Words::new(&obligation.kind, &obligation.kind);
            let due = obligation.due.date();
            let name = kind.map_or(&id, |kind| &kind.name);
            Words::new(
                format!("期限开始：{}，{due} 届满", name.zh),
                format!("a period began: {}, ends {due}", name.en),
            )
        }
        What::Met { obligation } => of("期限义务已履行", "met", &owed(*obligation)),
        What::Suspended { obligation, .. } => of("期限中止", "suspended", &owed(*obligation)),
        What::Resumed { obligation, .. } => of("期限恢复", "resumed", &owed(*obligation)),
        What::Extended { obligation, .. } => of("期限延长", "extended", &owed(*obligation)),
        What::Ended { obligation } => of("期限终止", "ended", &owed(*obligation)),
        What::Lapsed { obligation, .. } => of("逾期", "lapsed", &owed(*obligation)),
        What::Recounted { obligation, .. } => {
            of("重新计算期限", "reckoned anew", &owed(*obligation))
        }
        What::Urged { obligation, .. } => of("催办", "urged", &owed(*obligation)),
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// A path as an address: what means something there is written by its number.
fn link(path: &str) -> String {
    escaped(&path.replace('%', "%25").replace('#', "%23").replace('?', "%3F"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_text_and_nothing_else() {
        assert_eq!(escaped("<b>\"&'"), "&lt;b&gt;&quot;&amp;&#39;");
        assert_eq!(link("a#b%.jpg"), "a%23b%25.jpg");
    }
}
