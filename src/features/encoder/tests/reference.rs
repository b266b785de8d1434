//! The same layers in 64-bit floats, as plainly as they can be written.

use super::fixture::Tiny;

type Rows = Vec<Vec<f64>>;

/// The last layer's vectors of a text's tokens.
pub(super) fn forward(tiny: &Tiny, ids: &[u32]) -> Rows {
    let model = Reference(tiny);
    let words = model.matrix("embeddings.word_embeddings.weight");
    let positions = model.matrix("embeddings.position_embeddings.weight");
    let segment = &model.matrix("embeddings.token_type_embeddings.weight")[0];
    let mut hidden: Rows = ids
        .iter()
        .zip(&positions)
        .map(|(&id, position)| add(&add(&words[id as usize], position), segment))
        .collect();
    hidden = model.normalise("embeddings.LayerNorm", &hidden);
    for layer in 0..model.setting("num_hidden_layers") {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let context = model.attention(&name("attention.self"), &hidden);
        let change = model.dense(&name("attention.output.dense"), &context);
        let sum: Rows = hidden.iter().zip(&change).map(|(a, b)| add(a, b)).collect();
        hidden = model.normalise(&name("attention.output.LayerNorm"), &sum);
        let mut wide = model.dense(&name("intermediate.dense"), &hidden);
        for x in wide.iter_mut().flatten() {
            *x *= 0.5 * (1.0 + libm::erf(*x / 2_f64.sqrt()));
        }
        let change = model.dense(&name("output.dense"), &wide);
        let sum: Rows = hidden.iter().zip(&change).map(|(a, b)| add(a, b)).collect();
        hidden = model.normalise(&name("output.LayerNorm"), &sum);
    }
    hidden
}

/// The mean of the rows.
pub(super) fn mean(rows: &Rows) -> Vec<f64> {
    let sum = rows
        .iter()
        .fold(vec![0.0; rows[0].len()], |sum, row| add(&sum, row));
    sum.iter().map(|x| x / rows.len() as f64).collect()
}

/// The vector at length 1.
pub(super) fn unit(vector: &[f64]) -> Vec<f64> {
    let length = dot(vector, vector).sqrt();
    vector.iter().map(|x| x / length).collect()
}

fn add(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

struct Reference<'a>(&'a Tiny);

impl Reference<'_> {
    fn setting(&self, name: &str) -> usize {
        self.0.config[name].as_u64().unwrap() as usize
    }

    fn matrix(&self, name: &str) -> Rows {
        let (shape, numbers) = &self.0.tensors[name];
        let rows = numbers.chunks(*shape.last().unwrap());
        rows.map(|row| row.iter().map(|&x| f64::from(x)).collect())
            .collect()
    }

    fn vector(&self, name: &str) -> Vec<f64> {
        self.matrix(name).remove(0)
    }

    fn dense(&self, name: &str, rows: &Rows) -> Rows {
        let weights = self.matrix(&format!("{name}.weight"));
        let bias = self.vector(&format!("{name}.bias"));
        let row = |row: &Vec<f64>| {
            let products = weights.iter().zip(&bias).map(|(w, b)| dot(row, w) + b);
            products.collect()
        };
        rows.iter().map(row).collect()
    }

    fn normalise(&self, name: &str, rows: &Rows) -> Rows {
        let weight = self.vector(&format!("{name}.weight"));
        let bias = self.vector(&format!("{name}.bias"));
        let epsilon = self.0.config["layer_norm_eps"].as_f64().unwrap();
        rows.iter()
            .map(|row| {
                let mean = row.iter().sum::<f64>() / row.len() as f64;
                let variance =
                    row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
                let scaled = row.iter().map(|x| (x - mean) / (variance + epsilon).sqrt());
                scaled
                    .zip(weight.iter().zip(&bias))
                    .map(|(x, (w, b))| x * w + b)
                    .collect()
            })
            .collect()
    }

    fn attention(&self, name: &str, rows: &Rows) -> Rows {
        let parts =
            ["query", "key", "value"].map(|part| self.dense(&format!("{name}.{part}"), rows));
        let [queries, keys, values] = &parts;
        let width = rows[0].len() / self.setting("num_attention_heads");
        let mut context = vec![vec![0.0; rows[0].len()]; rows.len()];
        for start in (0..rows[0].len()).step_by(width) {
            let own = start..start + width;
            for (query, context) in queries.iter().zip(&mut context) {
                let score = |key: &Vec<f64>| dot(&query[own.clone()], &key[own.clone()]);
                let weights: Vec<f64> = keys
                    .iter()
                    .map(|key| (score(key) / (width as f64).sqrt()).exp())
                    .collect();
                let total: f64 = weights.iter().sum();
                for (weight, value) in weights.iter().zip(values) {
                    for column in own.clone() {
                        context[column] += weight / total * value[column];
                    }
                }
            }
        }
        context
    }
}
