# List the recipes.
default:
    @just --list

# Run every test, against the real servers.
test *ARGS:
    tests/run {{ARGS}}

# Run what every change must pass.
ci:
    .ci/run

# Let a vendor lie at random for 10,000 passes a collector, in a process of its own, and look at the memory.
lies:
    PROXYMETER_LIES=10000 cargo test --locked --test it lies

# Kill the daemon at every step of every action, and 200 times at random, while vendors lie; a quarter of an hour.
torture KILLS="200":
    PROXYMETER_TORTURE={{KILLS}} cargo test --locked --test it torture -- --nocapture

# Kill the daemon 200 times at random while it tells receivers that fail, hang and lose answers; some minutes.
torture-notices KILLS="200":
    PROXYMETER_TORTURE={{KILLS}} cargo test --locked --test it killed:: -- --nocapture

# Check formatting and lints.
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings

# Run the benchmarks.
bench *ARGS:
    cargo bench --locked --benches {{ARGS}}

# Fuzz everything that reads what others wrote, so many seconds each; needs cargo-fuzz and a nightly compiler.
fuzz SECONDS="20":
    fuzz/run {{SECONDS}}

# The same for ten minutes each.
fuzz-long: (fuzz "600")

# Measure the calls a second that a vendor sees, at its own socket.
rate *ARGS:
    cargo bench --locked --bench rate {{ARGS}}

# Measure how far past its budget a runaway comes; needs prometheus and prometheus-alertmanager.
guard *ARGS:
    cargo bench --locked --bench guard -- {{ARGS}}

# Check advisories, bans, licences and sources of the dependencies; needs cargo-deny.
deny:
    cargo deny check

# Serve both vendors, simulated, on http://127.0.0.1:10760.
demo *ARGS:
    cargo run --locked --release -- demo {{ARGS}}

# Build the container image.
image TAG="proxymeter:latest":
    docker build --tag {{TAG}} .

# Start the demo with Prometheus (http://127.0.0.1:9090) and Grafana (http://127.0.0.1:3000) beside it.
stack:
    docker compose --file deploy/docker-compose.yml up --build
