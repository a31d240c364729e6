#!/usr/bin/env bash
# PaddlePaddle 3.3.1: cross_entropy is never above 64.
#
# One would expect:  1000 for the logits 1000 and 0 where the second class is right, as logsumexp and
#                    binary_cross_entropy_with_logits of the same package give; and 0 from softmax for a
#                    position that is masked with -infinity.
# What happens:      softmax and log_softmax on the CPU raise what lies more than 64 below the largest to -64,
#                    in float64 too.  cross_entropy of 100 and of 1000 is 64, its gradient is still that of
#                    1000, and each masked position gets a probability of 1.6e-28.
# Why it matters:    a loss that stays at 64 hides how wrong a network is; its gradient is not that of a
#                    constant.
# shellcheck source-path=SCRIPTDIR source=common.bash
source "$(dirname "$0")/common.bash"
packages paddlepaddle==3.3.1 numpy==2.4.6 setuptools==80.9.0
program <<'PYTHON'
import numpy as np
import paddle
import paddle.nn.functional as F

paddle.set_device("cpu")
for kind in ("float32", "float64"):
    for logit in (30, 100, 1000):
        logits = paddle.to_tensor([[logit, 0]], dtype=kind, stop_gradient=False)
        loss = F.cross_entropy(logits, paddle.to_tensor([1]))
        loss.backward()
        by_sum = paddle.logsumexp(logits) - logits[0, 1]
        binary = F.binary_cross_entropy_with_logits(logits[0, :1], paddle.to_tensor([0], dtype=kind))
        print(f"{kind} {logit}: cross entropy {loss.item()}, by logsumexp {by_sum.item()},"
              f" binary {binary.item()}, gradient {logits.grad.tolist()}")
        np.testing.assert_allclose(loss.item(), min(logit, 64), rtol=1e-6)
        np.testing.assert_allclose([by_sum.item(), binary.item()], logit, rtol=1e-6)
        np.testing.assert_allclose(logits.grad.numpy(), [[1, -1]], atol=1e-12)

masked = F.softmax(paddle.to_tensor([0, -np.inf])).numpy()
print("softmax of 0 and -infinity:", masked)
assert masked[0] == 1 and 1e-28 < masked[1] < 2e-28
PYTHON
