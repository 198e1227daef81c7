#!/bin/bash
# A study on Slurm: one job, in which Ray runs over all nodes. Write it to a file, adapt what is marked, and
#   sbatch slurm.sh study.yaml
# Before the time limit, and when the job is preempted, the study is asked to end: what is finished is recorded. The job
# then puts itself into the queue again and continues, until the study is done.
#SBATCH --job-name=ura-study
#SBATCH --nodes=2                     # adapt: machines
#SBATCH --ntasks-per-node=1           # one Ray per machine
#SBATCH --cpus-per-task=16            # adapt: processors of a machine
#SBATCH --gpus-per-node=4             # adapt; leave out on machines without GPUs
#SBATCH --time=12:00:00               # adapt
#SBATCH --requeue
#SBATCH --signal=B:TERM@120           # SIGTERM to this script two minutes before the limit
#SBATCH --open-mode=append            # one log over all restarts

set -euo pipefail
study=${1:?usage: sbatch slurm.sh study.yaml}
results=${RESULTS:-results}           # on a file system that this node sees

# adapt: where ura-study is installed, on a file system that all nodes see
# source /path/to/venv/bin/activate

export URA_STUDY_CACHE=${URA_STUDY_CACHE:-/tmp/$USER/ura-study}   # on a disk of each node's own
export RAY_TMPDIR=${RAY_TMPDIR:-/tmp}                             # Ray's sockets need a short path

ray get-auth-token --generate > /dev/null 2>&1 || true            # ~/.ray/auth_token, on a home that all nodes see

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${nodes[0]}
address=$(srun --nodes=1 --ntasks=1 --nodelist="$head" hostname --ip-address | awk '{print $1}')
port=$((20000 + SLURM_JOB_ID % 20000))
each=(--num-cpus="${SLURM_CPUS_PER_TASK:-1}" --num-gpus="${SLURM_GPUS_ON_NODE:-0}" --block)

srun --nodes=1 --ntasks=1 --nodelist="$head" \
    ray start --head --node-ip-address="$address" --port="$port" "${each[@]}" &
sleep "${RAY_START_SECONDS:-15}"
if [ "$SLURM_JOB_NUM_NODES" -gt 1 ]; then
    others=$((SLURM_JOB_NUM_NODES - 1))
    srun --nodes="$others" --ntasks="$others" --exclude="$head" ray start --address="$address:$port" "${each[@]}" &
fi

ura-study run "$study" --results "$results" --address "$address:$port" --wait-for-resources &
driver=$!
asked=no
trap 'asked=yes; kill -TERM "$driver" || true' TERM
code=0
wait "$driver" || code=$?
if [ "$asked" = yes ]; then           # `wait` ended by the signal: now for the study itself
    code=0
    wait "$driver" || code=$?
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
