//! `ratchet config`: what it prints can be read again.

use crate::house::House;

#[test]
fn a_printed_configuration_is_a_configuration() {
    let house = House::with(&[(
        "ratchet.toml",
        "listen = \"127.0.0.1:1\"\n[limits]\ntags = 7\n[functions.f]\ncommand = [\"f\"]\n",
    )]);
    let printed =
        String::from_utf8(house.output(&["config", "--profile", "aws-strict"]).stdout).unwrap();
    house.write("printed.toml", &printed);
    let again =
        String::from_utf8(house.output(&["config", "--config", "printed.toml"]).stdout).unwrap();
    let values = |text: &str| {
        let lines = text
            .lines()
            .map(|line| line.split(" # ").next().unwrap().trim().to_owned());
        lines
            .filter(|line| !line.starts_with('#'))
            .collect::<Vec<_>>()
    };
    let (mut expected, mut found) = (values(&printed), values(&again));
    for lines in [&mut expected, &mut found] {
        lines.retain(|line| !line.starts_with("working_directory"));
    }
    assert_eq!(found, expected);
}
