//! trainer (experiment stage)
mod compile;
mod data;
mod fit;
mod lbfgs;
mod settings;
mod vectors;

use std::path::PathBuf;
use cekbrand_sentiment::Label;
use vectors::Vector;

fn f1(pairs: &[(Label, Label)]) -> (f64, String) {
    let mut m = 0.0; let mut s = String::new();
    for c in Label::ALL {
        let tp = pairs.iter().filter(|p| p.0==c && p.1==c).count() as f64;
        let g = pairs.iter().filter(|p| p.0==c).count() as f64;
        let p = pairs.iter().filter(|p| p.1==c).count() as f64;
        let f = 2.0*tp/(g+p).max(1.0); m += f/3.0;
        s += &format!("{c} P{:.3} R{:.3} F{f:.3}  ", tp/p.max(1.0), tp/g.max(1.0));
    }
    (m, s)
}

fn weigh(v: &mut [Vector], base: f32, neu: f32, neg: f32) {
    for x in v { x.weight = base * match x.label { Label::Pos=>1.0, Label::Neu=>neu, Label::Neg=>neg }; }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let data = PathBuf::from(&args[0]); let slang = PathBuf::from(&args[1]);
    let mut st = settings::Settings::default();
    let mut cv = false; let mut evals: Vec<String> = vec![];
    for a in &args[2..] { if a == "cv" { cv = true } else if let Some(f)=a.strip_prefix("eval:") {evals.push(f.into())} else { st.set(a).unwrap() } }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let id = data::examples(&data.join("smsa_train.tsv")).unwrap();
    let va = data::examples(&data.join("smsa_valid.tsv")).unwrap();
    let en = data::examples(&data.join("vader_tweets_en.tsv")).unwrap();
    let ue = data::examples(&data.join("umsab_en_valid.tsv")).unwrap();
    let own = data::examples(&root.join("trainer/comments.tsv")).unwrap_or_default();
    let lex = compile::lexicon(&compile::Sources{own:&root.join("lexicon"),data:&data,slang:&slang}, &id, &en).unwrap();
    eprintln!("lexicon {}", lex.len());
    let vx = |e: &[data::Example]| vectors::vectors(e, &lex, st.bits);
    let (mut id, va, mut en, ue, mut own) = (vx(&id), vx(&va), vx(&en), vx(&ue), vx(&own));
    weigh(&mut id, 1.0, st.neutral_id, st.negative_id);
    weigh(&mut en, st.english, st.neutral_en, st.negative_en);
    weigh(&mut own, st.own, 1.0, 1.0);
    own.retain(|v| v.words>0);
    let all: Vec<&Vector> = id.iter().chain(&en).chain(&own).collect();
    let t = std::time::Instant::now();
    let w = fit::fit(&all, &st);
    let ev = |w:&fit::Weights, v:&[&Vector]| f1(&v.iter().map(|x| (x.label, w.label(x))).collect::<Vec<_>>());
    println!("fit {:.1}s", t.elapsed().as_secs_f32());
    let (m,s)=ev(&w,&va.iter().collect::<Vec<_>>()); println!("valid {m:.4} {s}");
    let (m,s)=ev(&w,&ue.iter().collect::<Vec<_>>()); println!("umsab {m:.4} {s}");
    for f in evals { let e=vx(&data::examples(&PathBuf::from(&f)).unwrap()); let (m,s)=ev(&w,&e.iter().collect::<Vec<_>>()); println!("{f} {m:.4} {s}"); }
    if std::env::var("OUT").is_ok() { let a=w.artefact(compile::lexicon(&compile::Sources{own:&root.join("lexicon"),data:&data,slang:&slang}, &data::examples(&data.join("smsa_train.tsv")).unwrap(), &data::examples(&data.join("vader_tweets_en.tsv")).unwrap()).unwrap(), cekbrand_sentiment::artefact::Calibration{short_temperature:1.0,long_temperature:1.0,certain_from:0.5}, st.bits); std::fs::write(root.join("model/id-linear.bin"), a.write()).unwrap(); }
    if cv {
        let fold = |set: &[Vector], name: &str| {
            let mut pairs = vec![];
            for k in 0..5 {
                let part = |i: usize| (i.wrapping_mul(2654435761) >> 7) % 5;
                let tr: Vec<&Vector> = all.iter().copied().filter(|v| { let p=std::ptr::from_ref(*v); !set.iter().enumerate().any(|(i,_)| part(i)==k && false) && { let base=set.as_ptr(); let off=(p as usize).wrapping_sub(base as usize)/std::mem::size_of::<Vector>(); !(off<set.len() && p>=base && part(off)==k) } }).collect();
                let w = fit::fit(&tr, &st);
                for (i,v) in set.iter().enumerate() { if part(i)==k { pairs.push((v.label, w.label(v))); } }
            }
            let (m,s)=f1(&pairs); println!("cv {name} {m:.4} {s}");
        };
        fold(&id, "smsa"); fold(&en, "vader"); if !own.is_empty() { fold(&own, "own"); }
    }
}
