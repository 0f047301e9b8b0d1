//! The README tells the truth: its feature table is the code's, its map holds every folder, its links lead somewhere.

use lapwing_features::schema;

use crate::support::tree::{self, File};

const BEGIN: &str = "<!-- features:begin -->\n";
const END: &str = "<!-- features:end -->";

/// Whether golden files and generated tables are to be written instead of compared.
pub(crate) fn blessing() -> bool {
    std::env::var_os("LAPWING_BLESS").is_some_and(|value| value == "1")
}

#[test]
fn the_feature_table_is_the_code_s() {
    let readme = File::read("README.md").text;
    let from = readme.find(BEGIN).expect("the README marks where the feature table begins") + BEGIN.len();
    let to = readme.find(END).expect("the README marks where the feature table ends");
    if blessing() {
        let fresh = [&readme[..from], &schema::markdown(), &readme[to..]].concat();
        std::fs::write(tree::root().join("README.md"), fresh).expect("the README can be written");
    } else {
        assert!(
            readme[from..to] == schema::markdown(),
            "the README's feature table is old\nhint: run `LAPWING_BLESS=1 cargo test -p lapwing-tests readme`"
        );
    }
}

#[test]
fn the_code_map_names_every_folder() {
    let readme = File::read("README.md").text;
    for entry in std::fs::read_dir(tree::root()).expect("the project's folder can be read") {
        let name = entry.expect("the entry can be read").file_name().to_string_lossy().into_owned();
        let is_folder = tree::root().join(&name).is_dir();
        if is_folder && name != "target" && name != ".git" && !name.starts_with("lapwing-demo") {
            assert!(readme.contains(&format!("`{name}/`")), "the code map lacks `{name}/`");
        }
    }
}

#[test]
fn links_to_files_lead_somewhere() {
    for page in tree::files("", ".md").iter().filter(|page| !page.path.starts_with("tests/golden")) {
        let folder = tree::root().join(&page.path).parent().expect("a file has a folder").to_owned();
        for link in page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !target.is_empty() {
                assert!(folder.join(target).exists(), "{}: `{link}` leads nowhere", page.path);
            }
        }
    }
}

#[test]
fn flags_named_in_the_readme_exist() {
    use crate::support::run::{Binary, run};
    let mut help = String::new();
    for (binary, commands) in [
        (
            Binary::Train,
            &["demo", "fit", "features", "histories", "judge", "promote", "backtest", "proof", "uplift", "insights", "link"][..],
        ),
        (
            Binary::Serve,
            &[
                "score",
                "publish",
                "http",
                "check",
                "keys",
                "audit",
                "keys add",
                "skew",
                "forget",
                "playbook",
                "transitions",
                "webhooks add",
                "webhooks deliver",
            ][..],
        ),
    ] {
        for command in commands {
            help.push_str(&run(binary, command.split(' ').chain(["--help"])).done().stdout);
        }
    }
    let cargo = ["--release", "--locked", "--workspace", "--bin", "--package", "--path", "--open", "--example"];
    let readme = File::read("README.md").text;
    for line in readme.lines().filter(|line| line.contains("lapwing-")) {
        for flag in
            line.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-').filter(|word| word.starts_with("--") && word.len() > 2)
        {
            assert!(
                cargo.contains(&flag) || help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")),
                "`{flag}` in the README is no flag"
            );
        }
    }
}
