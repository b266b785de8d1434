//! What `triage policy replay` prints.

use comfy_table::ContentArrangement;
use jiff::tz::TimeZone;

use super::tickets::{LeftOut, print_left_out};
use crate::cli::table::{percent, table};
use crate::policy_test::{QueueLoad, Ratio, Replay, ShortSkill};

/// Skills that are listed.
const SKILLS: usize = 12;

/// Prints a replay for people; `skills` only with a roster.
pub(super) fn print(
    replay: &Replay,
    skills: Option<&[ShortSkill]>,
    left_out: LeftOut,
    zone: &TimeZone,
) {
    let all = replay.tickets;
    let share = |part: u64| percent(Ratio::new(part, all.max(1)).to_f64());
    match all {
        1 => say!("1 ticket"),
        all => say!("{all} tickets"),
    }
    let answered = match replay.answered {
        0 => String::new(),
        count => format!(" ({count} answered by an article or a bot)"),
    };
    let mut shares = table(&["", "tickets", "share", ""], &[1, 2]);
    for (name, count, note) in [
        ("automated", replay.automated, answered),
        ("suggested", replay.suggested, String::new()),
        ("left to people", replay.left_to_people(), reasons(replay)),
    ] {
        shares.add_row([name.to_owned(), count.to_string(), share(count), note]);
    }
    say!("{shares}\n");
    print_queues(replay, zone);
    if replay
        .queues
        .values()
        .any(|queue| !queue.by_hour.is_empty())
    {
        print_hours(replay);
    }
    print_without_time(replay);
    if let Some(skills) = skills {
        print_skills(skills);
    }
    print_left_out(left_out);
}

fn reasons(replay: &Replay) -> String {
    let mut reasons: Vec<(&str, u64)> = replay
        .left
        .iter()
        .map(|(name, count)| (*name, *count))
        .collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let reasons: Vec<String> = reasons
        .into_iter()
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    reasons.join(", ")
}

fn print_queues(replay: &Replay, zone: &TimeZone) {
    let mut queues: Vec<(&String, &QueueLoad)> = replay.queues.iter().collect();
    queues.sort_by(|a, b| b.1.tickets.cmp(&a.1.tickets).then(a.0.cmp(b.0)));
    let timed = replay.queues.values().any(|queue| queue.busiest.is_some());
    let header = ["queue", "tickets", "share", "busiest hour"];
    let shown = if timed { &header[..] } else { &header[..3] };
    let mut rows = table(shown, &[1, 2]);
    for (name, load) in queues {
        let busiest = load.busiest.map_or(String::new(), |hour| {
            let begins = hour.begins.to_zoned(zone.clone());
            format!("{} ({})", begins.strftime("%Y-%m-%d %H:00"), hour.tickets)
        });
        let share = Ratio::new(load.tickets, replay.tickets.max(1));
        let cells = [
            name.clone(),
            load.tickets.to_string(),
            percent(share.to_f64()),
            busiest,
        ];
        rows.add_row(cells.into_iter().take(shown.len()));
    }
    say!("{rows}\n");
}

/// Tickets by queue and hour of the day.
fn print_hours(replay: &Replay) {
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
    let mut header = vec!["queue \\ hour"];
    header.extend(hours.iter().map(String::as_str));
    let right: Vec<usize> = (1..header.len()).collect();
    let mut rows = table(&header, &right);
    // Numbers that are broken over lines could not be read.
    rows.set_content_arrangement(ContentArrangement::Disabled);
    for (name, load) in &replay.queues {
        let cells = load.by_hour.iter().map(|count| match count {
            0 => "·".to_owned(),
            count => count.to_string(),
        });
        rows.add_row(std::iter::once(name.clone()).chain(cells));
    }
    say!("{rows}\n");
}

/// Says how many tickets no hour counts.
fn print_without_time(replay: &Replay) {
    match replay.without_time {
        0 => {}
        count if count == replay.tickets => say!(
            "no ticket has a time of arrival, so nothing is said of hours: name its column with --arrived\n"
        ),
        1 => say!("1 ticket has no time of arrival, so no hour counts it\n"),
        count => say!("{count} tickets have no time of arrival, so no hour counts them\n"),
    }
}

fn print_skills(skills: &[ShortSkill]) {
    let header = [
        "skill",
        "level",
        "tickets",
        "agents",
        "places",
        "tickets a place",
    ];
    let mut rows = table(&header, &[1, 2, 3, 4, 5]);
    for one in skills.iter().take(SKILLS) {
        rows.add_row([
            one.skill.clone(),
            one.level.to_string(),
            one.tickets.to_string(),
            one.agents.to_string(),
            one.capacity.to_string(),
            one.tickets_per_place
                .map_or_else(|| "nobody".to_owned(), |share| format!("{share:.1}")),
        ]);
    }
    say!("Skills required, those in the shortest supply first:\n{rows}");
    let more = skills.len().saturating_sub(SKILLS);
    if more > 0 {
        say!(" and {more} more");
    }
}
