//! probe
mod document;
mod fault;
mod fields;
#[cfg(test)]
mod probe {
    #[test]
    fn offsets() {
        let env = cel::Env::stdlib().with_optional_support(false);
        for text in ["\"é\" == topic && foo.bar == 1", "ticket.subject.contains(\"x\")", "a in [\"b\", \"c\"]", "has(a.b) ? 1 : 2", "a[\"b\"] == 1"] {
            let p = env.compile(text).unwrap();
            println!("{text}: {:?}", p.expression());
            for id in 0..20 { if let Some(o) = p.source_info().offset_for(id) { println!("  {id}: {o:?}"); } }
        }
        for text in ["a &&", "foo(", "\"abc", "a = b", "", "a b", "\\", "a ? b", "1..2", "'\\q'", "a.?b", "{", "9999999999999999999999"] {
            println!("{text}: {:?}", env.compile(text).map(|_| ()).map_err(|e| e.errors.iter().map(|e| (e.pos, e.msg.clone())).collect::<Vec<_>>()));
        }
        for text in ["1+".repeat(2000)+"1", "(".repeat(2000)+&")".repeat(2000), "!".repeat(4000)+"true", "-".repeat(4000)+"1", "a".to_owned()+&".a".repeat(2000), "[".repeat(2000), "[1,".repeat(1000)+"1"+&"]".repeat(1000), "true && ".repeat(500)+"true", "a?b:".repeat(900)+"c", "true == ".repeat(500)+"true", "[1].exists(x, ".repeat(20)+"true"+&")".repeat(20)] {
            let t = std::time::Instant::now();
            let r = env.compile(&text);
            println!("{}…: {:?} {:?}", &text[..20.min(text.len())], r.as_ref().map(|_| ()).map_err(|e| e.errors[0].msg.clone()), t.elapsed());
            if let Ok(p) = r { let t = std::time::Instant::now(); let v = p.execute(&cel::Context::default()); println!("   {} {:?}", format!("{v:?}").chars().take(80).collect::<String>(), t.elapsed()); }
        }
    }
    #[test]
    fn bounds() {
        fn check<T: Send + Sync>() {}
        check::<cel::Program>();
        check::<cel::Env>();
    }
}
