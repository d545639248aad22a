//! The table of who may go where, as people read it: `docs/routes.md` is written from what the tests ask.

use std::fmt::Write as _;

use super::{Sight, listed};
use crate::world::repository;

const HEAD: &str = "\
# Who may go where · 谁能访问哪里

Written by the tests from the table they ask with (`crates/web/tests/it/routes.rs`); `LIANDONG_TEST_WRITE=1 cargo test -p web
--test it the_table` writes it anew, and a test fails when it is out of date. What somebody sees of a matter is in
[visibility.md](visibility.md).

本表由测试按其逐项请求所用的表生成，与程序不符时测试不通过。看到事项之后能看到哪些内容，见 [visibility.md](visibility.md)。

● may 可以　– is refused: 403, or the way to the sign-in page 拒绝或者转到登录页

N not signed in 未登录　H handler 经办人　L leader 审批领导　I liaison 联络员　C clerk 内勤　V viewer 查阅人员　U unit
administrator 单位管理员　S system administrator 系统管理员　K security administrator 安全保密管理员　A security auditor
安全审计员

**Only if it is theirs 归属**: besides the role, the thing asked for must be in sight. To everybody else it answers as if it were not
there (404, the same bytes). 除角色外，还须对所请求的对象有权；否则与不存在时的回答逐字节相同。

- *matter 事项*: the unit is in the matter's scope. 本单位在事项可见范围内
- *file 附件*: the unit uploaded it, or may read the field of a matter it belongs to. 本单位上传，或者可以查看其所属内容
- *own 本人*: whoever made it alone. 仅限本人

";

/// The table.
fn written() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("## Pages · 页面\n\n| | address 地址 | N | H | L | I | C | V | U | S | K | A | only if 归属 |\n");
    text.push_str("|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (method, path, may) in listed() {
        let marks: Vec<&str> =
            "NHLICVUSKA".chars().map(|who| if may.contains(who) { "●" } else { "–" }).collect();
        writeln!(
            text,
            "| {method} | `{path}` | {} | {} |",
            marks.join(" | "),
            Sight::of(&path).words()
        )
        .unwrap();
    }
    text.push_str("\n## For programs · 接口\n\n");
    text.push_str("A token stands for one person at one unit; the administrators have none. ");
    text.push_str("令牌代表一个人在一个单位的岗位，三员没有令牌。\n\n");
    text.push_str(
        "| | address 地址 | without a token 无令牌 | only if 归属 |\n|---|---|---|---|\n",
    );
    for (method, path, nobody) in crate::api::routes::listed() {
        let mark = if nobody == 401 { "–" } else { "●" };
        writeln!(text, "| {method} | `{path}` | {mark} | {} |", Sight::of(path).words()).unwrap();
    }
    text
}

#[test]
fn the_table_people_read_is_the_one_the_tests_ask_by() {
    let path = repository().join("docs/routes.md");
    let written = written();
    if std::env::var_os("LIANDONG_TEST_WRITE").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == written,
        "docs/routes.md is out of date; its first lines say how to write it anew"
    );
}
