# The commands of daily work; `just` lists them.

default:
    @just --list

# All that must pass before a change lands.
ci:
    bash .ci/run

# Compile without building.
check:
    cargo clippy --all-targets --locked -- -D warnings

# All tests.
test:
    cargo nextest run --locked

# Retrain the sample model from the sample tickets.
model:
    cargo run --release --bin triage-train -- fit --data training-data/tickets.csv --facet sentiment=sentiment --models models --activate

# Measure the sample model on tickets that it was not trained on.
evaluate:
    cargo run --release --bin triage-train -- evaluate --models models --data training-data/test.csv --facet sentiment=sentiment

# What one ticket costs.
bench:
    cargo bench --bench serving
