"""Numbers from scores and truth: pure functions."""

from impasto_lab.metrics.answering import AnswerAccuracy as AnswerAccuracy
from impasto_lab.metrics.answering import HumanAnswers as HumanAnswers
from impasto_lab.metrics.answering import answer_accuracies as answer_accuracies
from impasto_lab.metrics.answering import answer_accuracy as answer_accuracy
from impasto_lab.metrics.answering import normalize_answer as normalize_answer
from impasto_lab.metrics.captioning import bleu as bleu
from impasto_lab.metrics.captioning import cider as cider
from impasto_lab.metrics.detecting import Found as Found
from impasto_lab.metrics.detecting import Truth as Truth
from impasto_lab.metrics.detecting import average_precision as average_precision
from impasto_lab.metrics.grounding import Grounding as Grounding
from impasto_lab.metrics.grounding import box_overlaps as box_overlaps
from impasto_lab.metrics.grounding import find_boxes as find_boxes
from impasto_lab.metrics.reasoning import Reasoning as Reasoning
from impasto_lab.metrics.reasoning import judge_pairs as judge_pairs
from impasto_lab.metrics.reasoning import sentence_of as sentence_of
from impasto_lab.metrics.retrieving import Retrieval as Retrieval
from impasto_lab.metrics.retrieving import chance as chance
from impasto_lab.metrics.retrieving import retrieval as retrieval
from impasto_lab.metrics.segmenting import confusion as confusion
from impasto_lab.metrics.segmenting import mean_iou as mean_iou
from impasto_lab.metrics.shifting import a_distance as a_distance
from impasto_lab.metrics.shifting import mean_corruption_error as mean_corruption_error
from impasto_lab.metrics.shifting import mmd as mmd
from impasto_lab.metrics.shifting import shape_bias as shape_bias
