import { formatCount, formatTime } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import { confidence } from "../verdict-text.ts";
import type { IssueTexts } from "./english.ts";

const TYPES: Record<string, string> = {
  hang: "无响应（hang）",
  crash: "崩溃（crash）",
  divergence: "主从数据不一致（divergence）",
  "lost-write": "已确认的写入丢失（lost-write）",
  "resurrected-key": "已删除或已清空的键重新出现（resurrected-key）",
  "phantom-value": "出现了没有任何客户端写入过的值（phantom-value）",
  "stale-read": "读到了过期的值（stale-read）",
  "not-linearizable": "读写历史不满足线性一致性（not-linearizable）",
  "wrong-count": "计数器的值与已确认的增减操作之和不符（wrong-count）",
  "torn-write": "总是一起写入的键的值不一致（torn-write）",
  "wrong-delivery": "队列元素丢失、重复投递或从未写入（wrong-delivery）",
  "split-brain": "出现了预期之外的主节点（split-brain）",
  "stuck-replication": "复制停滞（stuck-replication）",
  "full-sync": "全量同步反复进行或失败（full-sync）",
  "memory-growth": "内存增长超过限制（memory-growth）",
  limit: "未满足实验设定的限制（limit）",
  "slow-recovery": "未能按时恢复（slow-recovery）",
  "shutdown-hang": "无法正常停止（shutdown-hang）",
  unavailable: "恢复后仍无法提供服务（unavailable）",
  protocol: "回复不符合协议或与命令不对应（protocol）",
  "unmet-expectation": "过程中的预期未按时达成（unmet-expectation）",
  slots: "槽位归属或迁移异常，或键不在应在的节点（slots）",
  failover: "主从切换裁决异常：不必要的切换、未按时切换，或控制器与节点的拓扑不一致（failover）",
  "lock-order": "尚未发生但可能发生的死锁（lock-order）",
};

const SURE: Record<ReturnType<typeof confidence>, string> = {
  proved: "已证明",
  "held by readers": "被读锁持有者阻塞",
  observed: "已观察到",
  foreseen: "已预测，尚未发生",
};

const VERDICTS: Record<string, string> = {
  pass: "所有检查都通过了，没有发现问题。",
  inconclusive: "本次运行没有得出结论。",
  error: "测试环境出错，本次运行没有结果。",
  interrupted: "本次运行被中断。",
};

function type(finding: Finding): string {
  return TYPES[finding.type] ?? finding.type;
}

function where({ node }: Finding): string {
  return node === null ? "整个集群" : `节点 ${node}`;
}

/** For Pika's maintainers. The findings' own sentences stay in English, after a Chinese one that says the same in short. */
export const chinese: IssueTexts = {
  verdict: ({ verdict, findings, reasons }) => {
    const [first] = findings;
    if (verdict !== "fail" || !first) return `${VERDICTS[verdict] ?? ""} ${reasons[0] ?? ""}`.trim();
    const more = findings.length > 1 ? `另外还发现了 ${findings.length - 1} 个问题。` : "";
    return `${where(first)}：${type(first)}。${more}原文：${first.summary}`;
  },
  finding: (finding, end, told) => {
    const { class: kind, from, to, summary } = finding;
    const until = to === null ? `运行结束（${formatTime(end)}）` : formatTime(to);
    return `${where(finding)}：${type(finding)}，类别 ${kind}，从 ${formatTime(from)} 到 ${until}，${SURE[confidence(finding)]}。${told ? "" : `原文：${summary}`}`;
  },
  ran: (kvchaos, title, seed) => `由 kvchaos ${kvchaos} 运行实验“${title}”得到（随机种子 ${seed}）。`,
  done: "对服务器做过的操作（时间为运行开始后的秒数）：",
  script: "下面的脚本只用 docker、redis-cli 和 curl 就能重做同样的操作（保存为 repro.sh，用 bash 运行）：",
  noScript: (why) => `没有独立的复现脚本，原因：${why}。`,
  scriptBeside: "独立的复现脚本 repro.sh 太长，放不进这里，请见附件。",
  replay: "或者在 kvchaos 仓库的根目录下运行：",
  expected: "所有故障都撤销之后，每个服务器都应恢复应答，每个从节点的数据都应与主节点一致。",
  expectedNothing: "预期不会发现任何问题。检查项：",
  proof: "证据：",
  life: "这个键的经过：",
  cells: (shown, count) => `出现问题的位置（共 ${count} 处，列出前 ${shown} 处）：`,
  differences: "最先发现不一致的键（键：主节点 | 从节点）：",
  log: (node) => `${node} 在这一时刻前后的日志：`,
  losses: ({ acknowledged, allowed, lost }) =>
    `${formatCount(acknowledged)} 次已确认的写入中，允许丢失 ${formatCount(allowed)} 次，${lost === null ? "实际丢失的次数未能全部统计" : `实际丢失 ${formatCount(lost)} 次`}。`,
  predicted: ({ run, signature, pause }) =>
    `运行 ${run} 已预测到这个死锁（${signature}）。使其真实发生的办法，原文：${pause}`,
  foreseen: (count) => `预测到 ${count} 个本次运行中没有发生、但按各线程的加锁顺序可能发生的死锁（原文为英文）：`,
  health: (starved, seconds) => `测试程序自身在 ${seconds} 秒中有 ${starved} 秒得不到足够的 CPU。`,
  host: "测试机器：",
  version: { server: "服务器", unknown: "（版本未知）", image: "镜像", digest: "镜像摘要", host: "机器" },
  regression: "尚不清楚：只测试了这一个版本。",
  noScreenshots: "运行目录中的 report.html 有完整的时间线，可以作为附件上传。",
  truncated: (kept, of) => `（已截断：共 ${of} 个字符，保留了 ${kept} 个）`,
};
